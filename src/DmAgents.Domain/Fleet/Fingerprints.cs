using DmAgents.Domain.Layers;

namespace DmAgents.Domain.Fleet;

/// <summary>The SHA-256 of an authority's certificate (DER). A join token carries it, so that a joining host knows the
/// authority before it trusts a connection.</summary>
public readonly record struct AuthorityFingerprint(Digest Value)
{
    public override string ToString() => Value.ToString();
}

/// <summary>The SHA-256 of a public key (DER, SubjectPublicKeyInfo). It shows whether two requests come from the same
/// host.</summary>
public readonly record struct KeyFingerprint(Digest Value)
{
    public override string ToString() => Value.ToString();
}

/// <summary>The SHA-256 of a join token: the issuer stores nothing else of it.</summary>
public readonly record struct TokenHash(Digest Value)
{
    public override string ToString() => Value.ToString();
}
