using System.Diagnostics;

namespace DmAgents.Bench;

/// <summary>Where the bare calls' pool, the actors' pool and the journal write.</summary>
internal sealed record WorkloadDisks(DiskWrites Bare, DiskWrites Actors, DiskWrites Journal);

/// <summary>
/// The same operations on both sides in turn: ten on the one, ten on the other, ten journal commits, and again. Between
/// turns the agent gets the time to finish what it does in the background, so that the other side does not pay for it.
/// </summary>
internal sealed class Workload(
    Side bare, ActorSide actors, CommitMeter commits, BareCommit bareCommits, string journal, WorkloadDisks disks)
{
    private const int Batch = 10;
    private const int BurstSize = 100;
    private const int ReturnSize = 50;

    private static readonly (string Name, string Title, Func<Side, int, ValueTask> Do)[] Kinds =
    [
        ("create", "create", (side, n) => side.Create(n)),
        ("activate", "activate", (side, n) => side.Activate(n)),
        ("mount", "mount", (side, n) => side.Mount(n)),
        ("unmount", "unmount", (side, n) => side.Unmount(n)),
        ("deactivate", "deactivate", (side, n) => side.Deactivate(n)),
        ("remove", "remove, until it answers", (side, n) => side.Remove(n)),
        ("prepare", "create and activate in one", (side, n) => side.Prepare(n)),
        ("prepared-mount", "", (side, n) => side.Mount(n)),
        ("prepared-stop", "", (side, n) => side.Stop(n)),
        ("prepared-remove", "", (side, n) => side.Remove(n)),
        ("start", "create, activate and mount in one", (side, n) => side.Start(n)),
        ("stop", "unmount and deactivate in one", (side, n) => side.Stop(n)),
        ("start-remove", "", (side, n) => side.Remove(n)),
    ];

    private int _next;

    /// <summary>Runs so many rounds; what they took is the answer.</summary>
    public async Task<Figures> Run(int rounds, int bursts)
    {
        var figures = new Figures();
        figures.Operations.AddRange(Kinds.Select(kind => new OperationFigures(kind.Name, kind.Title)));
        for (var round = 0; round < rounds; round++)
            await Round(figures).ConfigureAwait(false);
        // Those without a title only lead from one to the next.
        figures.Operations.RemoveAll(operation => operation.Title.Length == 0);
        for (var i = 0; i < bursts; i++)
        {
            figures.BareBursts.Add(await Burst(bare).ConfigureAwait(false));
            figures.ActorBursts.Add(await Burst(actors).ConfigureAwait(false));
            figures.BareReturns.Add(await Return(bare).ConfigureAwait(false));
            figures.ActorReturns.Add(await Return(actors).ConfigureAwait(false));
        }
        return figures;
    }

    private async Task Round(Figures figures)
    {
        var numbers = Numbers(Batch);
        for (var i = 0; i < Kinds.Length; i++)
        {
            // Operations that make a new snapshot begin a chain of their own.
            if (Kinds[i].Name is "prepare" or "start")
                numbers = Numbers(Batch);
            var operation = figures.Operations[i];
            var (bareBytes, poolBytes) = (disks.Bare.Bytes, disks.Actors.Bytes);
            await Turn(bare, operation.Bare, Kinds[i].Do, numbers).ConfigureAwait(false);
            operation.BareWritten += disks.Bare.Bytes - bareBytes;
            var journalBytes = disks.Journal.Bytes;
            var before = WalCommits.Read(journal);
            await Turn(actors, operation.Actors, Kinds[i].Do, numbers).ConfigureAwait(false);
            await actors.Settle().ConfigureAwait(false);
            operation.PoolWritten += disks.Actors.Bytes - poolBytes;
            operation.JournalWritten += disks.Journal.Bytes - journalBytes;
            if (WalCommits.Read(journal).Since(before) is { } made)
            {
                operation.Commits += made;
                operation.CommitsOf += numbers.Count;
            }
        }
        var counted = Counters.Read();
        figures.BareCommit.Times.AddTicks(bareCommits.Measure(Batch));
        figures.BareCommit.Counters += Counters.Read() - counted;
        counted = Counters.Read();
        for (var i = 0; i < Batch; i++)
            figures.WayAndBack.Times.AddTicks([await actors.WayAndBack().ConfigureAwait(false)]);
        figures.WayAndBack.Counters += Counters.Read() - counted;
        counted = Counters.Read();
        figures.Commit.Times.AddTicks(await commits.Measure(Batch).ConfigureAwait(false));
        figures.Commit.Counters += Counters.Read() - counted;
    }

    private static async Task Turn(
        Side side, SideFigures figures, Func<Side, int, ValueTask> act, IReadOnlyList<int> numbers)
    {
        var before = Counters.Read();
        foreach (var number in numbers)
        {
            var begun = Stopwatch.GetTimestamp();
            await act(side, number).ConfigureAwait(false);
            figures.Times.Add(Series.Milliseconds(Stopwatch.GetTimestamp() - begun));
        }
        figures.Counters += Counters.Read() - before;
    }

    private async Task<BurstFigures> Burst(Side side)
    {
        var numbers = Numbers(BurstSize);
        var before = WalCommits.Read(journal);
        var begun = Stopwatch.GetTimestamp();
        var done = await side.CreateAll(numbers).ConfigureAwait(false);
        await side.Settle().ConfigureAwait(false);
        var made = WalCommits.Read(journal).Since(before);
        foreach (var number in numbers)
            await side.Remove(number).ConfigureAwait(false);
        await side.Settle().ConfigureAwait(false);
        return new BurstFigures(
            Series.Milliseconds(done[^1] - done[0]) / (BurstSize - 1), Series.Milliseconds(done[^1] - begun), made);
    }

    /// <summary>Milliseconds per device until its blocks are back.</summary>
    private async Task<double> Return(Side side)
    {
        var numbers = Numbers(ReturnSize);
        var before = side.UsedBlocks();
        foreach (var number in numbers)
        {
            await side.Prepare(number).ConfigureAwait(false);
            side.Write(number);
        }
        await side.Settle().ConfigureAwait(false);
        var written = side.UsedBlocks();
        var begun = Stopwatch.GetTimestamp();
        await side.RemoveAll(numbers).ConfigureAwait(false);
        var taken = Series.Milliseconds(Stopwatch.GetTimestamp() - begun);
        await side.Settle().ConfigureAwait(false);
        if (written <= before || side.UsedBlocks() != before)
            throw new InvalidOperationException(
                $"{side.Name}: {before} blocks were used, then {written}, and {side.UsedBlocks()} after the removal");
        return taken / ReturnSize;
    }

    private List<int> Numbers(int count)
    {
        var numbers = Enumerable.Range(_next, count).ToList();
        _next += count;
        return numbers;
    }
}
