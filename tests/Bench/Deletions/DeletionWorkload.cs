using System.Diagnostics;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Bench.Deletions;

/// <summary>
/// One client prepares a container and writes a new block to another, again and again, through the agent; meanwhile a
/// device of which every block is mapped is deleted in one of several ways, in the same pool.
/// </summary>
internal sealed class DeletionWorkload(IKernel kernel, ActorSide agent, ByteSize size)
{
    private const int Writer = 1;
    private const int WarmProbes = 150;
    private const int IdleProbes = 200;

    private static readonly ByteSize Block = ByteSize.KiB(64);
    private static readonly byte[] Page = [.. Enumerable.Repeat((byte)7, 4096)];

    /// <summary>Thin ids of which the agent does not know; it looks at the pool's list only when it opens it.</summary>
    private uint _strangers = 16_000_000;
    private int _next = Writer + 1;
    private ulong _written;

    public async Task<IReadOnlyList<DeletionFigures>> Run(int rounds)
    {
        var idle = new DeletionFigures("nothing is deleted");
        var own = new DeletionFigures("the agent deletes it: own blocks in pieces, then the id");
        var docker = new DeletionFigures("as Docker: discard of the whole device, then the id");
        var atOnce = new DeletionFigures("as containerd by default: the id at once");
        await agent.PrepareLarge(Writer, size).ConfigureAwait(false);
        await Probe(WarmProbes, until: null, new DeletionFigures("")).ConfigureAwait(false);
        for (var round = 0; round < rounds; round++)
        {
            await Rest().ConfigureAwait(false);
            await Probe(IdleProbes, until: null, idle).ConfigureAwait(false);
            await Measure(own, await OfAgent().ConfigureAwait(false)).ConfigureAwait(false);
            await Measure(docker, Stranger(discards: true)).ConfigureAwait(false);
            await Measure(atOnce, Stranger(discards: false)).ConfigureAwait(false);
        }
        return [idle, own, docker, atOnce];
    }

    private async Task Measure(DeletionFigures figures, Func<Task> delete)
    {
        await Rest().ConfigureAwait(false);
        var begun = Stopwatch.GetTimestamp();
        var deletion = Task.Run(async () =>
        {
            await delete().ConfigureAwait(false);
            figures.Deletion.Add(Series.Milliseconds(Stopwatch.GetTimestamp() - begun));
        });
        await Probe(most: int.MaxValue, deletion, figures).ConfigureAwait(false);
        await deletion.ConfigureAwait(false);
        // What the last probe met may have begun before the deletion's end.
        await Probe(most: 1, until: null, figures).ConfigureAwait(false);
    }

    /// <summary>Prepares and writes until the deletion has ended, or so often.</summary>
    private async Task Probe(int most, Task? until, DeletionFigures figures)
    {
        var device = agent.DeviceOf(Writer).Path;
        var made = new List<int>();
        for (var i = 0; i < most && until is not { IsCompleted: true }; i++)
        {
            var begun = Stopwatch.GetTimestamp();
            await agent.Prepare(_next).ConfigureAwait(false);
            figures.Prepare.Add(Series.Milliseconds(Stopwatch.GetTimestamp() - begun));
            made.Add(_next++);
            begun = Stopwatch.GetTimestamp();
            Must(kernel.Write(device, new ByteSize(_written++ % (size.Bytes / Block.Bytes) * Block.Bytes), Page));
            figures.Write.Add(Series.Milliseconds(Stopwatch.GetTimestamp() - begun));
        }
        if (until is not null)
            await until.ConfigureAwait(false);
        foreach (var number in made)
            await agent.Remove(number).ConfigureAwait(false);
        await agent.Settle().ConfigureAwait(false);
    }

    private async Task<Func<Task>> OfAgent()
    {
        var number = _next++;
        await Fill(await agent.PrepareLarge(number, size).ConfigureAwait(false)).ConfigureAwait(false);
        return async () =>
        {
            await agent.Remove(number).ConfigureAwait(false);
            while (agent.Deletions > 0)
                await Task.Delay(2).ConfigureAwait(false);
        };
    }

    private Func<Task> Stranger(bool discards)
    {
        var id = new ThinId(_strangers++);
        var table = new ThinTable(
            DeviceNames.Thin(new PoolName("stranger"), id), DeviceNames.ThinDeviceId(new PoolUuid(Guid.NewGuid()), id),
            agent.Pool, id, size.Sectors, ReadOnly: false);
        Must(kernel.CreateThin(agent.Pool, id).Then(() => kernel.ActivateThin(table).Outcome));
        Fill(table.Name).GetAwaiter().GetResult();
        return () =>
        {
            if (discards)
                Must(kernel.Discard(table.Name.Path, ByteSize.Zero, size));
            Must(kernel.Remove(table.Name, deferred: false).Then(() => kernel.DeleteThin(agent.Pool, id)));
            return Task.CompletedTask;
        };
    }

    /// <summary>A page in every block, so that every block is mapped and little is written.</summary>
    private async Task Fill(MappedName device)
    {
        const string Script = """
            use IO::Handle; open(my $d, "+<", $ARGV[0]) or die $!; my $page = "x" x 4096;
            for (my $i = 0; $i < $ARGV[1]; $i++) {
              sysseek($d, $i * 65536, 0); syswrite($d, $page) == 4096 or die $!;
              $i % 16384 or $d->sync or die $!;
            }
            $d->sync or die $!;
            """;
        using var perl = Process.Start(
            "perl", ["-e", Script, device.Path.Value, $"{size.Bytes / Block.Bytes}"]);
        await perl.WaitForExitAsync().ConfigureAwait(false);
        if (perl.ExitCode != 0)
            throw new InvalidOperationException($"{device} was not filled");
    }

    /// <summary>What was written before goes to the disks before the clock runs.</summary>
    private async Task Rest()
    {
        await agent.Settle().ConfigureAwait(false);
        Must(kernel.PoolStatus(agent.Pool).Outcome);
        await Task.Delay(TimeSpan.FromSeconds(2)).ConfigureAwait(false);
    }

    private static void Must(KernelResult result)
    {
        if (result.Error is { } error)
            throw new InvalidOperationException(error.ToString());
    }
}
