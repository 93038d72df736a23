using System.Collections.Immutable;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;

namespace DmAgents.Fleet.Peers;

/// <summary>What a member trusts: the authorities of its one fleet, and their revocations. Immutable; a newer version
/// replaces it in <see cref="TrustHolder"/>.</summary>
public sealed record FleetTrust
{
    /// <summary>An old and a new one while an authority is being replaced, and a reserve.</summary>
    public const int MaxAuthorities = 4;

    private FleetTrust(ImmutableArray<AuthorityCertificate> authorities, RevocationList revocations)
    {
        Authorities = authorities;
        Revocations = revocations;
    }

    public FleetId Id => Authorities[0].FleetId;

    public FleetName Name => Authorities[0].FleetName;

    public ImmutableArray<AuthorityCertificate> Authorities { get; }

    public RevocationList Revocations { get; }

    /// <summary>Null, with the reason, if there are no authorities, too many, or those of different fleets, or none of
    /// them signed the list.</summary>
    public static FleetTrust? Of(
        ImmutableArray<AuthorityCertificate> authorities, ReadOnlySpan<byte> revocations, out string why)
    {
        why = "";
        if (authorities.Length is 0 or > MaxAuthorities)
            why = $"a fleet has 1 to {MaxAuthorities} authorities, not {authorities.Length}";
        else if (authorities.Select(each => (each.FleetId, each.FleetName)).Distinct().Count() > 1)
            why = "the authorities are of different fleets";
        else if (RevocationList.Read(revocations, authorities) is not { } list)
            why = "the list of revocations is damaged, or no authority of the fleet signed it";
        else
            return new FleetTrust(authorities, list);
        return null;
    }

    /// <summary>For a joining host: it knows the authority from its token, and not yet the revocations.</summary>
    internal static FleetTrust BeforeRevocations(AuthorityCertificate authority) =>
        new([authority], RevocationList.Unknown(authority));

    /// <summary>The same authorities with another list. Null if no authority signed it.</summary>
    public FleetTrust? With(ReadOnlySpan<byte> revocations) => Of(Authorities, revocations, out _);
}

/// <summary>Holds the present trust; handshakes read it concurrently.</summary>
public sealed class TrustHolder(FleetTrust trust)
{
    private FleetTrust _current = trust;

    public FleetTrust Current => Volatile.Read(ref _current);

    /// <summary>Raised after each change, on the changing thread: a handler must not block.</summary>
    public event Action? Changed;

    /// <summary>
    /// Offers authorities and revocations of the same fleet. A list with a smaller number than the present one is
    /// rejected, so that an old message cannot restore a revoked host's rights. True if the offer took effect.
    /// </summary>
    public bool Offer(FleetTrust offered)
    {
        while (true)
        {
            var current = Current;
            if (offered.Id != current.Id || offered.Revocations.Number < current.Revocations.Number)
                return false;
            if (Interlocked.CompareExchange(ref _current, offered, current) == current)
            {
                Changed?.Invoke();
                return true;
            }
        }
    }
}
