using DmAgents.Agent.Configuration;
using DmAgents.Agent.Fleet.Inventory;
using DmAgents.Domain.Ports;
using DmAgents.Fleet;
using DmAgents.Fleet.Authority;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Members;

namespace DmAgents.Agent.Fleet;

/// <summary>A membership as stored on disk.</summary>
/// <param name="Authority">Null unless this host formed the fleet.</param>
internal sealed record StoredMembership(Member Member, FleetAuthority? Authority, KnownMembers Known);

/// <summary>A host's fleet files.</summary>
internal sealed class FleetStore(AgentSettings settings, IDurableFiles files, TimeProvider time)
{
    public FleetPaths Paths => settings.FleetPaths;

    public IDurableFiles Files => files;

    public MemberFiles Members { get; } = new(files, settings.FleetPaths);

    public KnownMembersFile Known { get; } = new(files, settings.FleetPaths);

    /// <summary>This host's facts that the fleet has been sent.</summary>
    public FleetMemoryFile Memory { get; } = new(files, settings.FleetPaths);

    public ContainerEpochs Epochs { get; } = new(files, settings.FleetPaths);

    public Lifetimes Lifetimes => new(Lifetimes.Default.Authority, settings.Fleet.CertificateLife);

    /// <summary>Null if the host is no member.</summary>
    public FleetOutcome<StoredMembership?> Find()
    {
        var member = Members.Find();
        if (!member.Succeeded)
            return member.Refusal;
        if (member.Value is not { } found)
            return (StoredMembership?)null;
        var known = Known.Read();
        if (!known.Succeeded)
            return known.Refusal;
        var authority = FleetAuthority.Find(files, Paths, time, Lifetimes);
        if (!authority.Succeeded)
            return authority.Refusal;
        // A host may have formed a fleet once, and be in another one today.
        return new StoredMembership(
            found, authority.Value is { } made && made.Id == found.Fleet ? made : null, known.Value);
    }

    /// <summary>Stores what the host needs to rejoin after a restart and its certificate does not contain. Written
    /// before the certificate, which makes the host a member.</summary>
    public KernelResult Prepare(KnownMembers known) => Known.Write(known);

    /// <summary>Ends the membership on this host.</summary>
    /// <param name="withAuthority">The fleet ends: its authority is deleted too.</param>
    public KernelResult Remove(bool withAuthority)
    {
        var removed = Members.Remove().Then(Known.Remove).Then(Memory.Remove).Then(Epochs.Remove);
        if (!withAuthority)
            return removed;
        // The certificate first: without it there is no authority.
        return removed.Then(() => files.Delete(Paths.AuthorityCertificate))
            .Then(() => files.Delete(Paths.AuthorityKey))
            .Then(() => files.Delete(Paths.AuthorityDocument));
    }
}
