using DmAgents.Agent.Exports;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Images.Changes;

namespace DmAgents.Agent.Services;

/// <summary>Differences in the API's terms.</summary>
internal static class DiffViews
{
    public static DiffContainerReply Reply(PoolName pool, DeviceKey container, DiffReport report) => report switch
    {
        DiffReport.Progress progress => new DiffContainerReply
        {
            Progress = new DiffProgress { Entries = (ulong)progress.Entries, BytesRead = progress.Read.Bytes },
        },
        DiffReport.Changes changes => new DiffContainerReply
        {
            Changes = new ContainerChanges { Changes = { changes.Found.Select(Change) } },
        },
        DiffReport.Done done => new DiffContainerReply
        {
            Summary = new DiffSummary
            {
                Pool = pool.Value,
                Container = KeyText.Of(container),
                Parent = done.Parent is { } parent ? KeyText.Of(parent) : "",
                Entries = (ulong)done.Entries,
                BytesRead = done.Read.Bytes,
                ByBlocks = done.ByBlocks,
            },
        },
        _ => throw new InvalidOperationException("a report of no known kind"),
    };

    private static ContainerChange Change(TreeChange change) => new()
    {
        Kind = change.Kind switch
        {
            ChangeKind.Added => ContainerChange.Types.Kind.Added,
            ChangeKind.Changed => ContainerChange.Types.Kind.Changed,
            ChangeKind.Deleted => ContainerChange.Types.Kind.Deleted,
            _ => throw new ArgumentOutOfRangeException(nameof(change), change.Kind, "Not a kind of change"),
        },
        Path = change.Path.ToString(),
    };
}
