using System.Collections.Immutable;
using DmAgents.Domain.Fleet.Inventory;

namespace DmAgents.Domain.Fleet.Locations;

/// <summary>
/// The parts of announcements received so far, at most one announcement for each host. Not journaled: after a restart
/// the host sends all parts again. Order and duplicates do not matter. A part that contradicts another of its
/// announcement drops both; the host sends it again when it gets no answer.
/// </summary>
public sealed record AnnouncementAssembly
{
    private sealed record Pending(
        Stamp Stamp, bool Whole, int Count, ImmutableSortedDictionary<int, AnnouncementPart> Parts);

    private ImmutableSortedDictionary<HostName, Pending> ByHost { get; init; } =
        ImmutableSortedDictionary.Create<HostName, Pending>(HostNameOrder.Instance);

    public static AnnouncementAssembly Empty { get; } = new();

    /// <summary>How many hosts have an incomplete announcement.</summary>
    public int Incomplete => ByHost.Count;

    /// <returns>The next assembly, and the announcement if this was its last missing part.</returns>
    public (AnnouncementAssembly Next, LayerAnnouncement? Complete) Add(HostName host, AnnouncementPart part)
    {
        if (part.Count is < 1 or > AnnouncementPart.MaxCount || part.Index < 0 || part.Index >= part.Count)
            return (this, null);
        var pending = ByHost.GetValueOrDefault(host);
        if (pending is not null && part.Stamp < pending.Stamp)
            return (this, null);
        if (pending is null || part.Stamp > pending.Stamp)
        {
            pending = new Pending(
                part.Stamp, part.Whole, part.Count, ImmutableSortedDictionary<int, AnnouncementPart>.Empty);
        }
        if (pending.Count != part.Count || pending.Whole != part.Whole)
            return (this with { ByHost = ByHost.Remove(host) }, null);
        pending = pending with { Parts = pending.Parts.SetItem(part.Index, part) };
        if (pending.Parts.Count < pending.Count)
            return (this with { ByHost = ByHost.SetItem(host, pending) }, null);
        var whole = new LayerAnnouncement(
            pending.Stamp, pending.Whole,
            [.. pending.Parts.Values.SelectMany(p => p.Present)], [.. pending.Parts.Values.SelectMany(p => p.Absent)]);
        return (this with { ByHost = ByHost.Remove(host) }, whole);
    }

    /// <summary>Drops the parts of a host that has left or was lost.</summary>
    public AnnouncementAssembly Without(HostName host) => this with { ByHost = ByHost.Remove(host) };
}
