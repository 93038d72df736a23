using DmAgents.Domain.Devices;
using DmAgents.Domain.Logs;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Engine.Pools;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>A pool's health: journaled, and repaired by policy. The status is read only on a test's request.</summary>
public sealed class CareSpec : PoolSpec
{
    /// <summary>16 MiB, of which the base and its file system use a little.</summary>
    private static readonly PoolBacking.Disks Small = TestHost.Backing with
    {
        Data = [TestHost.Part(TestHost.DataDisk, ByteSize.MiB(16))],
    };

    [Fact]
    public void A_pool_that_passes_its_mark_says_since_when_after_a_restart_too()
    {
        var life = OpenedSmall(Settings);
        var device = Writable(life, "web");

        Host.Fill(device, blocks: 240);

        life.Tell(PoolInputs.LookAtStatus.Instance);
        Becomes(life, PoolCondition.LowData);
        var since = life.State.Condition.Since;
        Assert.NotNull(since);
        Assert.Contains("data free, below the mark", life.State.Condition.Why, StringComparison.Ordinal);
        Assert.Equal(LogSeverity.Warning, Assert.Single(life.Logged, line => line.Name == "pool-low").Severity);
        Settled(life);
        life.Die();
        var next = Reopened();
        Assert.Equal((PoolCondition.LowData, since), (next.State.Condition.Condition, next.State.Condition.Since));
    }

    [Fact]
    public void A_pool_that_runs_low_takes_its_spare_disk()
    {
        var life = OpenedSmall(Settings with { Extension = new ExtensionSettings(20, 0, null) });
        life.Done(Ask.Spares(TestHost.SpareDisk));
        var device = Writable(life, "web");

        Host.Fill(device, blocks: 230);

        life.Tell(PoolInputs.LookAtStatus.Instance);
        life.RunUntil(() => life.State.Spares.IsEmpty, () => "the spare is not used");
        var disks = Assert.IsType<PoolBacking.Disks>(life.State.Identity!.Backing);
        Assert.Equal([TestHost.DataDisk, TestHost.SpareDisk], disks.Data.Select(part => part.Disk));
        Becomes(life, PoolCondition.Writable);
        life.Die();
        Assert.Equal(disks, Reopened().State.Identity!.Backing);
    }

    [Fact]
    public void A_pool_that_runs_low_takes_a_volume_of_its_group_and_the_one_that_a_crash_left_over()
    {
        Host.Kernel.AddVolumeGroup("vg", ByteSize.GiB(1));
        var life = OpenedSmall(Settings with
        {
            Extension = new ExtensionSettings(20, 0, null) { VolumeGroup = "vg", VolumeByPercent = 50 },
        });
        var leftOver = new LogicalVolume("vg", $"dmagents-{TestHost.PoolName}-2");
        Assert.True(Host.Kernel.EnsureVolume(leftOver, ByteSize.MiB(32)).Succeeded);

        Host.Fill(Writable(life, "web"), blocks: 230);

        life.Tell(PoolInputs.LookAtStatus.Instance);
        life.RunUntil(() => life.State.Identity!.Backing != Small, () => "no volume is taken");
        Becomes(life, PoolCondition.Writable);
        var disks = Assert.IsType<PoolBacking.Disks>(life.State.Identity!.Backing);
        Assert.Equal([TestHost.DataDisk, leftOver.Path], disks.Data.Select(part => part.Disk));
    }

    [Fact]
    public void A_loop_file_grows_by_policy_up_to_its_limit()
    {
        var files = new PoolBacking.LoopFiles(
            new LoopFilePart(new LoopFile("/var/lib/dmagents/data"), ByteSize.MiB(16)),
            new LoopFilePart(new LoopFile("/var/lib/dmagents/metadata"), ByteSize.MiB(16)));
        var life = OpenedSmall(
            Settings with { Extension = new ExtensionSettings(20, 50, ByteSize.MiB(32)) }, files);
        var device = Writable(life, "web");

        Host.Fill(device, blocks: 230);

        life.Tell(PoolInputs.LookAtStatus.Instance);
        BecomesAsLarge(life, ByteSize.MiB(24));
        Host.Fill(Writable(life, "next"), blocks: 120);
        life.Tell(PoolInputs.LookAtStatus.Instance);
        BecomesAsLarge(life, ByteSize.MiB(32));
    }

    [Fact]
    public void An_extension_that_fails_is_reported_once_and_not_tried_with_every_look()
    {
        var life = OpenedSmall(Settings with { Extension = new ExtensionSettings(20, 0, null) });
        life.Done(Ask.Spares(TestHost.SpareDisk));
        Host.Kernel.WriteProtect(TestHost.SpareDisk);
        Host.Fill(Writable(life, "web"), blocks: 230);
        life.Tell(PoolInputs.LookAtStatus.Instance);
        Becomes(life, PoolCondition.LowData);

        for (var i = 0; i < 5; i++)
            Looked(life);

        Assert.Equal<DevicePath>([TestHost.SpareDisk], life.State.Spares);
        life.RunUntil(() => NotExtended(life).Any(), () => "nothing is logged");
        Assert.Single(NotExtended(life));
        Assert.False(IsJournaled<PoolEvents.BackingChanged>());
    }

    [Fact]
    public void What_happens_while_the_status_is_read_is_seen_without_waiting_for_the_next_regular_look()
    {
        var life = Opened();
        var held = life.Kernel.HoldNext(nameof(IKernel.PoolStatus), afterEffect: true);
        life.Tell(PoolInputs.LookAtStatus.Instance);
        life.Reach(held);

        Host.Kernel.BreakMetadata(TestHost.Pool);
        life.Tell(PoolInputs.LookAtStatus.Instance);
        // The machine processes the look before it answers this.
        life.Refused(Ask.Create("other", Ask.Layer("unknown")));
        held.Open();

        Becomes(life, PoolCondition.NeedsCheck);
        Assert.Equal(LogSeverity.Error, Assert.Single(life.Logged, line => line.Name == "pool-unusable").Severity);
    }

    private static IEnumerable<string> NotExtended(PoolLife life) =>
        life.Warnings.Where(w => w.Contains("is not extended", StringComparison.Ordinal));

    private PoolLife OpenedSmall(PoolSettings settings, PoolBacking? backing = null)
    {
        var life = Live(settings);
        life.Done(Ask.Initialize(TestHost.PoolName, TestHost.PoolUuid, backing ?? Small));
        return life;
    }

    private static DeviceRecord Writable(PoolLife life, string name)
    {
        // Larger than the pool: thin provisioning.
        var made = life.Done(Ask.Create(name, use: DeviceUse.Active, size: ByteSize.MiB(16)));
        return made.Device!;
    }

    /// <summary>Makes the pool read its status and react to it.</summary>
    private static void Looked(PoolLife life)
    {
        var before = life.Machine.Health;
        life.Tell(PoolInputs.LookAtStatus.Instance);
        life.RunUntil(() => !ReferenceEquals(life.Machine.Health, before), () => "it does not look");
    }

    private static void BecomesAsLarge(PoolLife life, ByteSize size) => life.RunUntil(
        () => life.State.Identity!.Backing is PoolBacking.LoopFiles files && files.Data.Size == size
            && life.Machine.Health!.DataTotal == size,
        () => $"{life.State.Identity!.Backing}, with {life.Machine.Health!.DataTotal}");

    private static void Becomes(PoolLife life, PoolCondition condition) => life.RunUntil(
        () => life.State.Condition.Condition == condition,
        () => $"it is {life.State.Condition}, and judged {life.Machine.Health?.Condition}: {life.Machine.Health?.Why}");
}
