namespace DmAgents.Fleet.Tokens;

/// <summary>What a word that was typed as a join token is.</summary>
public abstract record TokenReading
{
    private TokenReading()
    {
    }

    public sealed record Read(JoinToken Token) : TokenReading;

    /// <summary>No token: cut, or a wrong character.</summary>
    public sealed record Mistyped(string Why) : TokenReading;

    /// <summary>A token of another release, typed well.</summary>
    public sealed record OtherVersion(byte Version) : TokenReading;
}
