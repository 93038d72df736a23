using System.Diagnostics;

namespace DmAgents.Bench.Snapshots;

/// <summary>A daemon that starts with many snapshots: layers of one image, and a hundred active ones.</summary>
internal static class ManySnapshots
{
    private const int Active = 100;
    private const int AtOnce = 20;

    public static async Task Measure(
        SnapshotSides sides, string name, int count, int starts, SnapshotFigures figures)
    {
        if (sides.Find(name) is not ServiceSide side)
            return;
        figures[SnapshotRow.Fill, name].Times.Add(await Fill(side, count).ConfigureAwait(false));
        await side.Settle().ConfigureAwait(false);
        var daemon = sides.DaemonOf(name);
        for (var i = 0; i < starts; i++)
        {
            await daemon.Stop().ConfigureAwait(false);
            var begun = Stopwatch.GetTimestamp();
            await daemon.Start().ConfigureAwait(false);
            while (!await Serves(side).ConfigureAwait(false))
                await Task.Delay(5).ConfigureAwait(false);
            figures[SnapshotRow.Start, name].Times.Add(Series.Milliseconds(Stopwatch.GetTimestamp() - begun));
            figures.Many[name] = await side.Count().ConfigureAwait(false);
            figures[SnapshotRow.Memory, name].Times.Add(daemon.ResidentMemory());
        }
        if (figures.Many[name] < count)
            throw new InvalidOperationException($"{name}: of {count} snapshots {figures.Many[name]} are there");
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
    private static async Task<double> Fill(ServiceSide side, int count)
    {
        var begun = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (n, _) =>
            {
                await side.Prepare($"many-{n}", SnapshotSide.Image).ConfigureAwait(false);
                if (n >= Active)
                    await side.Commit($"many-{n}-layer", $"many-{n}").ConfigureAwait(false);
            }).ConfigureAwait(false);
        return Series.Milliseconds(Stopwatch.GetTimestamp() - begun) / count;
    }
}
