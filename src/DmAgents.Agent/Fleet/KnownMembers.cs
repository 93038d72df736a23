using System.Collections.Immutable;
using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Fleet;

/// <summary>A member that this host has learned of.</summary>
/// <param name="Address">Its network address.</param>
/// <param name="Host">Null until the host has seen it in the fleet.</param>
internal sealed record KnownMember(MemberAddress Address, HostName? Host);

/// <summary>A host's place in its fleet, and the members that it knows: facts that its certificate does not contain.
/// Immutable.</summary>
/// <param name="Address">This host's address.</param>
/// <param name="Issuer">The address of the host that formed the fleet.</param>
/// <param name="Members">By address, without this host.</param>
internal sealed record KnownMembers(
    MemberAddress Address, MemberAddress Issuer, ImmutableSortedDictionary<string, KnownMember> Members)
{
    public static KnownMembers Of(
        MemberAddress address, MemberAddress issuer, IEnumerable<MemberAddress> members) =>
        new KnownMembers(address, issuer, ImmutableSortedDictionary.Create<string, KnownMember>(StringComparer.Ordinal))
            .With(members.Select(member => new KnownMember(member, Host: null)));

    /// <summary>The name of the host that formed the fleet; null until it was seen, or if it is this one.</summary>
    public HostName? IssuerHost => Members.GetValueOrDefault(Issuer.ToString())?.Host;

    /// <summary>The hosts that this host asks to join the fleet: the one that formed it, then the others by address.
    /// The order is the same on all hosts that know the same members.</summary>
    public ImmutableArray<MemberAddress> Seeds =>
    [
        Issuer,
        .. Members.Values.Select(member => member.Address).Append(Address).Where(each => each != Issuer)
            .OrderBy(each => each.ToString(), StringComparer.Ordinal),
    ];

    /// <summary>Adds members. A host whose address has changed is known by the new address only.</summary>
    public KnownMembers With(IEnumerable<KnownMember> seen)
    {
        var members = Members;
        foreach (var member in seen.Where(member => member.Address != Address))
        {
            var key = member.Address.ToString();
            members = members.RemoveRange(members
                .Where(each => each.Key != key && each.Value.Host is { } host && host == member.Host)
                .Select(each => each.Key));
            var host = member.Host ?? members.GetValueOrDefault(key)?.Host;
            members = members.SetItem(key, member with { Host = host });
        }
        return members.SequenceEqual(Members) ? this : this with { Members = members };
    }

    /// <summary>Compares by content.</summary>
    public bool IsSame(KnownMembers other) =>
        (Address, Issuer) == (other.Address, other.Issuer) && Members.SequenceEqual(other.Members);

    /// <summary>Keeps only the members that satisfy <paramref name="holds"/>.</summary>
    public KnownMembers Where(Func<KnownMember, bool> holds)
    {
        var gone = Members.Where(each => !holds(each.Value)).Select(each => each.Key).ToList();
        return gone.Count == 0 ? this : this with { Members = Members.RemoveRange(gone) };
    }
}
