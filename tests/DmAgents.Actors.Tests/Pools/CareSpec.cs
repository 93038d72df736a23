using DmAgents.Actors.Hosts;
using DmAgents.Actors.Pools;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>A pool's health as its writers and the kernel's events see it. No status is read regularly here.</summary>
public sealed class CareSpec : ActorSpec
{
    /// <summary>16 MiB, of which the base and its file system take a little.</summary>
    private static readonly PoolBacking.Disks Small = TestHost.Backing with
    {
        Data = [TestHost.Part(TestHost.DataDisk, ByteSize.MiB(16))],
    };

    private readonly CancellationTokenSource _stop = new();

    [Fact]
    public async Task A_pool_that_passes_its_mark_says_so_at_once_and_after_a_restart_since_when()
    {
        var life = await OpenedSmall(Settings);
        var device = await Writable(life, "web");

        Host.Fill(device, blocks: 240);

        await Becomes(life, PoolCondition.LowData);
        var since = life.State.Condition.Since;
        Assert.NotNull(since);
        Assert.Contains("data free, below the mark", life.State.Condition.Why, StringComparison.Ordinal);
        await Settled(life);
        await life.Die();
        var next = await Reopened();
        Assert.Equal((PoolCondition.LowData, since), (next.State.Condition.Condition, next.State.Condition.Since));
    }

    [Fact]
    public async Task A_pool_that_runs_low_takes_its_spare_disk_and_writers_do_not_notice()
    {
        var life = await OpenedSmall(Settings with { Extension = new ExtensionSettings(20, 0, null) });
        await life.Done(Ask.Spares(TestHost.SpareDisk));
        var device = await Writable(life, "web");

        Host.Fill(device, blocks: 300);

        await Eventually.Holds(() => life.State.Spares.IsEmpty, () => "the spare is not used");
        var disks = Assert.IsType<PoolBacking.Disks>(life.State.Identity!.Backing);
        Assert.Equal([TestHost.DataDisk, TestHost.SpareDisk], disks.Data.Select(part => part.Disk));
        await Becomes(life, PoolCondition.Writable);
        Assert.Equal(TestHost.SpareDisk, (await Reopen(life)).State.Identity!.Backing is PoolBacking.Disks after
            ? after.Data[^1].Disk
            : default);
    }

    [Fact]
    public async Task A_full_pool_gives_writers_errors_after_the_wait_and_lets_them_wait_again_when_there_is_space()
    {
        Host.Kernel.NoSpaceTimeout = TimeSpan.FromMinutes(5);
        var life = await OpenedSmall(Settings with { FullWait = TimeSpan.FromMilliseconds(50) });
        var device = await Writable(life, "web");

        var overfull = await Task.Run(() => Host.Write(device, 0, 300));

        Assert.Equal(KernelFault.NoSpace, overfull.Error!.Fault);
        await Becomes(life, PoolCondition.OutOfData);
        await Eventually.Holds(
            () => life.Picture.Health!.Status.NoSpace == NoSpacePolicy.Error, () => "writers wait still");
        // The table that says so has the kernel call the pool writable, until the next write finds no block.
        var since = life.State.Condition.Since;
        for (var i = 0; i < 5; i++)
            await Looked(life);
        Assert.Equal(since, life.State.Condition.Since);
        Assert.Equal(NoSpacePolicy.Error, life.Picture.Health!.Status.NoSpace);
        await life.Done(Ask.Remove("web"));
        await Becomes(life, PoolCondition.Writable);
        await Eventually.Holds(
            () => life.Picture.Health!.Status.NoSpace == NoSpacePolicy.Queue, () => "writers would get errors");
        Host.Fill(await Writable(life, "next"), blocks: 20);
    }

    protected override void AfterAll()
    {
        _stop.Cancel();
        base.AfterAll();
        _stop.Dispose();
    }

    private async Task<AgentLife> OpenedSmall(PoolSettings settings)
    {
        var life = LiveWithPool(settings);
        await life.Done(Ask.Initialize(TestHost.PoolName, TestHost.PoolUuid, Small));
        new Thread(() => new PoolWatch(Host.Kernel, life.Board).Run(_stop.Token)) { IsBackground = true }.Start();
        return life;
    }

    private async Task<AgentLife> Reopen(AgentLife life)
    {
        await life.Die();
        return await Reopened();
    }

    private static async Task<DeviceRecord> Writable(AgentLife life, string name)
    {
        // Larger than the pool: thin.
        var made = await life.Done(Ask.Create(name, use: DeviceUse.Active, size: ByteSize.MiB(16)));
        return made.Device!;
    }

    /// <summary>The pool looks at its status, and has done what it wants to do about it.</summary>
    private static async Task Looked(AgentLife life)
    {
        var before = life.Picture;
        life.Tell(PoolMessages.LookAtStatus.Instance);
        await Eventually.Holds(() => !ReferenceEquals(life.Picture.Health, before.Health), () => "it does not look");
    }

    private static Task Becomes(AgentLife life, PoolCondition condition) => Eventually.Holds(
        () => life.State.Condition.Condition == condition,
        () => $"it is {life.State.Condition}, and judged {life.Picture.Health?.Condition}: {life.Picture.Health?.Why}");
}
