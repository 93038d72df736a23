using System.Diagnostics;

namespace DmAgents.Bench.Snapshots;

/// <summary>A daemon that starts with few and with many snapshots: layers of one image, and up to a hundred active
/// ones; after an orderly stop, and after it was killed at work.</summary>
internal static class ManySnapshots
{
    private const int Active = 100;
    private const int AtOnce = 20;

    public static async Task Measure(
        SnapshotSides sides, string name, IReadOnlyList<int> counts, int starts, SnapshotFigures figures)
    {
        if (sides.Find(name) is not ServiceSide side)
            return;
        var daemon = sides.DaemonOf(name);
        for (var (i, filled) = (0, 0); i < counts.Count; filled = counts[i++])
        {
            var each = await Fill(side, filled, counts[i]).ConfigureAwait(false);
            figures[SnapshotRow.Fill, name].Times.Add(each);
            await side.Settle().ConfigureAwait(false);
            for (var start = 0; start < starts; start++)
            {
                await daemon.Stop().ConfigureAwait(false);
                figures[SnapshotRow.StartOf(counts[i], killed: false), name].Times.Add(
                    await Start(daemon, side).ConfigureAwait(false));
                if (i == counts.Count - 1)
                    figures[SnapshotRow.Memory, name].Times.Add(daemon.ResidentMemory());
                await KillAtWork(daemon, side, start).ConfigureAwait(false);
                figures[SnapshotRow.StartOf(counts[i], killed: true), name].Times.Add(
                    await Start(daemon, side).ConfigureAwait(false));
            }
            figures.Many[name] = await side.Count().ConfigureAwait(false);
            if (figures.Many[name] < counts[i])
                throw new InvalidOperationException($"{name}: of {counts[i]} snapshots {figures.Many[name]} are there");
        }
    }

    /// <summary>Milliseconds until it has told of a snapshot.</summary>
    private static async Task<double> Start(Daemon daemon, ServiceSide side)
    {
        var begun = Stopwatch.GetTimestamp();
        await daemon.Start().ConfigureAwait(false);
        while (!await Serves(side).ConfigureAwait(false))
            await Task.Delay(5).ConfigureAwait(false);
        return Series.Milliseconds(Stopwatch.GetTimestamp() - begun);
    }

    /// <summary>While it has prepares under way: what it had begun of them is for the next start to end or
    /// undo.</summary>
    private static async Task KillAtWork(Daemon daemon, ServiceSide side, int round)
    {
        var work = Enumerable.Range(0, AtOnce)
            .Select(n => Attempt(() => side.Prepare($"killed-{round}-{n}-{Guid.NewGuid():n}", SnapshotSide.Image)))
            .ToList();
        await Task.WhenAny(work).ConfigureAwait(false);
        await daemon.Kill().ConfigureAwait(false);
        await Task.WhenAll(work).ConfigureAwait(false);
    }

    private static async Task Attempt(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Grpc.Core.RpcException)
        {
            // Killed on the way.
        }
    }

    private static async Task<bool> Serves(ServiceSide side)
    {
        try
        {
            return await side.Has("many-0").ConfigureAwait(false);
        }
        catch (Grpc.Core.RpcException)
        {
            return false;
        }
    }

    /// <summary>Milliseconds for each.</summary>
    private static async Task<double> Fill(ServiceSide side, int from, int to)
    {
        var begun = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(
            Enumerable.Range(from, to - from), new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (n, _) =>
            {
                await side.Prepare($"many-{n}", SnapshotSide.Image).ConfigureAwait(false);
                if (n >= Active)
                    await side.Commit($"many-{n}-layer", $"many-{n}").ConfigureAwait(false);
            }).ConfigureAwait(false);
        return Series.Milliseconds(Stopwatch.GetTimestamp() - begun) / (to - from);
    }
}
