using System.Collections.Immutable;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;

namespace DmAgents.Fleet.Peers;

/// <summary>What a member trusts: the authorities of its one fleet, and what these revoked. Immutable; a newer one
/// replaces it in <see cref="TrustHolder"/>.</summary>
public sealed record FleetTrust
{
    /// <summary>An old and a new one while an authority is replaced, and room.</summary>
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

    /// <summary>Null, and why, if the authorities are none, too many or of different fleets, or the list is not signed
    /// by one of them.</summary>
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

    /// <summary>For a host that joins: it knows the authority by its token, and not yet what was revoked.</summary>
    internal static FleetTrust BeforeRevocations(AuthorityCertificate authority) =>
        new([authority], RevocationList.Unknown(authority));

    /// <summary>The same with another list. Null if no authority signed it.</summary>
    public FleetTrust? With(ReadOnlySpan<byte> revocations) => Of(Authorities, revocations, out _);
}

/// <summary>Holds what is trusted at this moment; handshakes read it while it changes.</summary>
public sealed class TrustHolder(FleetTrust trust)
{
    private FleetTrust _current = trust;

    public FleetTrust Current => Volatile.Read(ref _current);

    /// <summary>Raised after each change, on the thread that made it: a handler does not wait.</summary>
    public event Action? Changed;

    /// <summary>
    /// Takes authorities and revocations of the same fleet. A list with a smaller number than the present one is not
    /// taken, so that an old message cannot give a revoked host its rights back. True if it is what holds from here on.
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
