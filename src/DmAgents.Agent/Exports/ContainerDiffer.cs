using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Images;
using DmAgents.Images.Changes;

namespace DmAgents.Agent.Exports;

/// <summary>A report of a comparison.</summary>
internal abstract record DiffReport
{
    private DiffReport()
    {
    }

    /// <summary>The comparison makes progress.</summary>
    /// <param name="Read">Content that had to be read.</param>
    public sealed record Progress(long Entries, ByteSize Read) : DiffReport;

    /// <summary>The next differences.</summary>
    public sealed record Changes(ImmutableArray<TreeChange> Found) : DiffReport;

    /// <summary>The end.</summary>
    /// <param name="Parent">The layer that the container was compared with; null: the empty base.</param>
    /// <param name="ByBlocks">The pool's metadata named the blocks that may differ.</param>
    public sealed record Done(DeviceKey? Parent, long Entries, ByteSize Read, bool ByBlocks) : DiffReport;
}

/// <summary>Compares a container's current content with the layer that it was created from. Exact: reads names and
/// attributes of both trees, and content unless the pool's metadata prove it to be the same.</summary>
internal sealed class ContainerDiffer(
    PoolGateway gateway, LayerTrees trees, IKernel kernel, IHostApplicationLifetime lifetime, TimeProvider time,
    ILogger<ContainerDiffer> log)
{
    public const string What = "cannot compare container";

    /// <summary>Shows the caller that the comparison continues.</summary>
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(1);

    /// <summary>Differences in one report: below 100 kB unless paths are long.</summary>
    private const int AtOnce = 256;

    /// <exception cref="RefusedException">The container cannot be compared, or the agent is stopping.</exception>
    public async IAsyncEnumerable<DiffReport> Run(
        PoolPicture pool, DeviceKey container, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // A stopping agent does not wait for a comparison.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        var reports = Compare(pool, container, end.Token).GetAsyncEnumerator(CancellationToken.None);
        await using var ofReports = reports.ConfigureAwait(false);
        while (await IsNext(reports, container, cancellation).ConfigureAwait(false))
            yield return reports.Current;
    }

    private async Task<bool> IsNext(
        IAsyncEnumerator<DiffReport> reports, DeviceKey container, CancellationToken cancellation)
    {
        try
        {
            return await reports.MoveNextAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested
            && lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw Refusals.Because(
                RefusalKind.Busy, What, KeyText.Of(container), "the agent is stopping", "try again when it runs");
        }
    }

    private async IAsyncEnumerable<DiffReport> Compare(
        PoolPicture pool, DeviceKey container, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var parent = ParentOf(pool, container);
        var request = new RequestId(Guid.NewGuid());
        using var work = gateway.Board.Work.Begin(pool.Name, request);
        var moment = await trees.MomentOfAsync(What, pool, container, request, cancellation).ConfigureAwait(false);
        await using var ofMoment = moment.ConfigureAwait(false);
        var upper = await trees.OpenAsync(What, pool, moment.Key, request, cancellation).ConfigureAwait(false);
        await using var ofUpper = upper.ConfigureAwait(false);
        var lower = parent is null
            ? null
            : await trees.OpenAsync(What, pool, parent.Key, request, cancellation).ConfigureAwait(false);
        await using var ofLower = (lower ?? Nothing.ToEnd).ConfigureAwait(false);
        var blocks = lower is null ? null : await BlocksOf(pool, upper, lower).ConfigureAwait(false);
        using var difference = new TreeDifference(lower?.Tree, upper.Tree, blocks, cancellation);
        using var changes = difference.Changes().GetEnumerator();
        while (true)
        {
            var next = Task.Run(() => Next(changes, container), CancellationToken.None);
            try
            {
                while (await Task.WhenAny(next, Task.Delay(ReportEvery, time, cancellation)).ConfigureAwait(false)
                    != next && !cancellation.IsCancellationRequested)
                    yield return new DiffReport.Progress(difference.Entries, Bytes(difference.BytesRead));
            }
            finally
            {
                // The trees may be closed only after all reads have ended.
                await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            var found = await next.ConfigureAwait(false);
            if (!found.IsEmpty)
                yield return new DiffReport.Changes(found);
            if (found.Length < AtOnce)
                break;
        }
        yield return new DiffReport.Done(
            parent?.Key, difference.Entries, Bytes(difference.BytesRead), blocks is not null);
    }

    /// <summary>The layer below a container; null if it was created from the empty base.</summary>
    private static DeviceRecord? ParentOf(PoolPicture pool, DeviceKey key)
    {
        var container = PoolGateway.Find(pool, What, key);
        if (container.Kind != DeviceKind.Container)
        {
            throw Refusals.Because(
                RefusalKind.WrongState, What, KeyText.Of(key), "it is a layer, not a container",
                "name a container: dmagent container list");
        }
        var parent = container.Parent is { } id ? pool.State.Devices.GetValueOrDefault(id) : null;
        return parent is { Kind: DeviceKind.Layer } ? parent : null;
    }

    private static ImmutableArray<TreeChange> Next(IEnumerator<TreeChange> changes, DeviceKey container)
    {
        try
        {
            var found = ImmutableArray.CreateBuilder<TreeChange>();
            while (found.Count < AtOnce && changes.MoveNext())
                found.Add(changes.Current);
            return found.ToImmutable();
        }
        catch (ImageException refused)
        {
            throw Refusals.Because(RefusalKind.Failed, What, KeyText.Of(container), refused.What, refused.Next);
        }
    }

    /// <summary>Null if the metadata cannot be read now: then all content is read.</summary>
    private async Task<KnownBlocks?> BlocksOf(PoolPicture pool, LayerTree upper, LayerTree lower)
    {
        var device = LayerReading.ContextOf(What, pool).Device;
        var changed = await Task.Run(() => kernel.ChangedRanges(device, upper.Device.Id, lower.Device.Id))
            .ConfigureAwait(false);
        if (changed.Succeeded)
            return new KnownBlocks(changed.Value);
        log.BlocksNotCompared(pool.Name, changed.Error);
        return null;
    }

    private static ByteSize Bytes(long bytes) => new((ulong)bytes);

    private sealed class Nothing : IAsyncDisposable
    {
        public static readonly IAsyncDisposable ToEnd = new Nothing();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
