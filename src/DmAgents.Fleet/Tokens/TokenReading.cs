namespace DmAgents.Fleet.Tokens;

/// <summary>The result of reading a word typed as a join token.</summary>
public abstract record TokenReading
{
    private TokenReading()
    {
    }

    public sealed record Read(JoinToken Token) : TokenReading;

    /// <summary>Not a token: truncated, or with a wrong character.</summary>
    public sealed record Mistyped(string Why) : TokenReading;

    /// <summary>A correctly typed token of another release.</summary>
    public sealed record OtherVersion(byte Version) : TokenReading;
}
