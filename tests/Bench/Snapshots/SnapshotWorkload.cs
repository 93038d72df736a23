using System.Diagnostics;

namespace DmAgents.Bench.Snapshots;

/// <summary>
/// The same calls on all sides in turn. Between turns a side gets the time to finish what it does in the background, so
/// that the next one does not pay for it.
/// </summary>
internal sealed class SnapshotWorkload(
    SnapshotSides sides, CommitMeter commits, BareCommit bareCommits, PathMeter paths)
{
    private const int Batch = 10;
    private const int BurstSize = 100;
    private const int ReturnSize = 50;
    private const int ChainLength = 128;

    private int _next;

    /// <summary>Ten of each operation on each side, so many times.</summary>
    public async Task Rounds(int rounds, SnapshotFigures figures)
    {
        for (var round = 0; round < rounds; round++)
        {
            foreach (var side in sides.All)
                await Round(side, figures).ConfigureAwait(false);
            var counted = Counters.Read();
            figures.JournalWrite.Times.AddTicks(await commits.Measure(Batch).ConfigureAwait(false));
            figures.JournalWrite.Counters += Counters.Read() - counted;
            await Paths(figures).ConfigureAwait(false);
        }
    }

    /// <summary>Ten prepares and removals, of a side that has been given a stock of snapshots.</summary>
    public async Task Stocked(SnapshotSide side, int rounds, SnapshotFigures figures)
    {
        for (var round = 0; round < rounds; round++)
        {
            var keys = Keys(Batch);
            await Turn(figures[SnapshotRow.Stocked, side.Name], keys, key => side.Prepare(key, SnapshotSide.Image))
                .ConfigureAwait(false);
            await side.RemoveAll(keys).ConfigureAwait(false);
            await side.Settle().ConfigureAwait(false);
        }
    }

    public async Task Bursts(int bursts, SnapshotFigures figures)
    {
        for (var i = 0; i < bursts; i++)
        {
            foreach (var side in sides.All)
                await Burst(side, figures).ConfigureAwait(false);
        }
    }

    public async Task Returns(int bursts, SnapshotFigures figures)
    {
        for (var i = 0; i < bursts; i++)
        {
            foreach (var side in sides.All)
                figures[SnapshotRow.Return, side.Name].Times.Add(await Return(side).ConfigureAwait(false));
        }
    }

    public async Task Chains(int chains, SnapshotFigures figures)
    {
        for (var i = 0; i < chains; i++)
        {
            foreach (var side in sides.All.Where(side => side.HasLayers))
                figures[SnapshotRow.Chain, side.Name].Times.Add(await Chain(side).ConfigureAwait(false));
        }
    }

    private async Task Round(SnapshotSide side, SnapshotFigures figures)
    {
        // A daemon that nothing was asked of for a while has to find its threads and its memory again.
        for (var i = 0; i < Batch; i++)
            await side.Nothing().ConfigureAwait(false);
        await Turn(figures[SnapshotRow.Nothing, side.Name], Keys(Batch), _ => side.Nothing()).ConfigureAwait(false);
        var keys = Keys(Batch);
        await Turn(figures[SnapshotRow.Prepare, side.Name], keys, key => side.Prepare(key, SnapshotSide.Image))
            .ConfigureAwait(false);
        await Turn(figures[SnapshotRow.Remove, side.Name], keys, side.Remove).ConfigureAwait(false);
        if (side.HasLayers)
        {
            keys = Keys(Batch);
            await Turn(figures[SnapshotRow.Prepare, side.Name], keys, key => side.Prepare(key, SnapshotSide.Image))
                .ConfigureAwait(false);
            await Turn(figures[SnapshotRow.Commit, side.Name], keys, key => side.Commit(LayerOf(key), key))
                .ConfigureAwait(false);
            await Turn(figures[SnapshotRow.RemoveLayer, side.Name], keys, key => side.Remove(LayerOf(key)))
                .ConfigureAwait(false);
        }
        if (side is ContainerdSide containerd)
        {
            var begun = Stopwatch.GetTimestamp();
            await containerd.Collect().ConfigureAwait(false);
            figures[SnapshotRow.Collect, side.Name].Times.Add(
                Series.Milliseconds(Stopwatch.GetTimestamp() - begun) / (2 * Batch));
        }
        await side.Settle().ConfigureAwait(false);
    }

    private async Task Paths(SnapshotFigures figures)
    {
        await Path("a page written and synced", () => Task.FromResult(paths.Sync())).ConfigureAwait(false);
        await Path("one commit of SQLite alone", () => Task.FromResult(bareCommits.Measure(1)[0]))
            .ConfigureAwait(false);
        await Path("a question to an actor", paths.Ask).ConfigureAwait(false);
        await Path("the same through a child on a thread that may block", paths.AskChild).ConfigureAwait(false);
        await Path("the same with the child made for it, and stopped", paths.MakeChild).ConfigureAwait(false);
        if (sides.Find(SnapshotSides.Agent) is ServiceSide agent)
            await Path("a prepare that the agent's pool refuses at once", agent.Refused).ConfigureAwait(false);

        async Task Path(string what, Func<Task<long>> act)
        {
            if (!figures.Paths.TryGetValue(what, out var cell))
                figures.Paths[what] = cell = new SideFigures();
            var counted = Counters.Read();
            for (var i = 0; i < Batch; i++)
                cell.Times.AddTicks([await act().ConfigureAwait(false)]);
            cell.Counters += Counters.Read() - counted;
        }
    }

    private static async Task Turn(SideFigures cell, IReadOnlyList<string> keys, Func<string, Task> act)
    {
        var before = Counters.Read();
        foreach (var key in keys)
        {
            var begun = Stopwatch.GetTimestamp();
            await act(key).ConfigureAwait(false);
            cell.Times.Add(Series.Milliseconds(Stopwatch.GetTimestamp() - begun));
        }
        cell.Counters += Counters.Read() - before;
    }

    private async Task Burst(SnapshotSide side, SnapshotFigures figures)
    {
        var keys = Keys(BurstSize);
        var begun = Stopwatch.GetTimestamp();
        var done = await Task.WhenAll(keys.Select(key => Timed(side, key))).ConfigureAwait(false);
        var (first, last) = (done.Min(), done.Max());
        figures[SnapshotRow.Slope, side.Name].Times.Add(Series.Milliseconds(last - first) / (BurstSize - 1));
        figures[SnapshotRow.Burst, side.Name].Times.Add(Series.Milliseconds(last - begun));
        await side.RemoveAll(keys).ConfigureAwait(false);
        await side.Settle().ConfigureAwait(false);
    }

    private static async Task<long> Timed(SnapshotSide side, string key)
    {
        await side.Prepare(key, SnapshotSide.Image).ConfigureAwait(false);
        return Stopwatch.GetTimestamp();
    }

    /// <summary>Milliseconds per snapshot. The pool itself is asked whether it has the blocks: on all sides
    /// alike.</summary>
    private async Task<double> Return(SnapshotSide side)
    {
        var keys = Keys(ReturnSize);
        var before = side.UsedBlocks();
        foreach (var key in keys)
        {
            await side.Prepare(key, SnapshotSide.Image).ConfigureAwait(false);
            await side.Write(key).ConfigureAwait(false);
        }
        await side.Settle().ConfigureAwait(false);
        if (side.UsedBlocks() <= before)
            throw new InvalidOperationException($"{side.Name}: {before} blocks are used before and after the writing");
        var begun = Stopwatch.GetTimestamp();
        await side.RemoveAll(keys).ConfigureAwait(false);
        while (side.UsedBlocks() > before)
        {
            if (Stopwatch.GetElapsedTime(begun) > TimeSpan.FromMinutes(5))
                throw new InvalidOperationException($"{side.Name}: {side.UsedBlocks()} blocks are used, not {before}");
            await Task.Delay(5).ConfigureAwait(false);
        }
        var taken = Series.Milliseconds(Stopwatch.GetTimestamp() - begun);
        await side.Settle().ConfigureAwait(false);
        return taken / ReturnSize;
    }

    private async Task<double> Chain(SnapshotSide side)
    {
        var names = Keys(ChainLength);
        var parent = "";
        var begun = Stopwatch.GetTimestamp();
        foreach (var name in names)
        {
            await side.Layer(name, parent, size: 100).ConfigureAwait(false);
            parent = name;
        }
        var taken = Series.Milliseconds(Stopwatch.GetTimestamp() - begun);
        foreach (var name in names.AsEnumerable().Reverse())
            await side.Remove(name).ConfigureAwait(false);
        await side.Settle().ConfigureAwait(false);
        return taken;
    }

    private static string LayerOf(string key) => key + "-layer";

    private List<string> Keys(int count)
    {
        var keys = Enumerable.Range(_next, count).Select(n => $"s{n}").ToList();
        _next += count;
        return keys;
    }
}
