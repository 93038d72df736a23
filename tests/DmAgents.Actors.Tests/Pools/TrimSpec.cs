using DmAgents.Actors.Pools;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>Mounted file systems are trimmed by schedule, by need and on request.</summary>
public sealed class TrimSpec : ActorSpec
{
    private const int Length = 4 << 20;

    private static readonly PoolSettings Scheduled = Settings with
    {
        StatusInterval = TimeSpan.FromMilliseconds(20),
        Trim = new TrimSettings(TimeSpan.FromMilliseconds(300), null),
    };

    [Fact]
    public async Task On_request_what_was_deleted_is_given_back_and_told()
    {
        var life = await Opened();
        var device = await WithDeletedFile(life, "web");
        await life.Done(Ask.Create("idle"));

        var reply = Assert.IsType<PoolReplies.Trimmed>(await life.Ask(new PoolCommands.Trim(Ask.NewRequest(), Ask.At)));

        var trimmed = Assert.Single(reply.FileSystems);
        Assert.Equal(device.Key, trimmed.Key);
        Assert.InRange(trimmed.GivenBack.Bytes, Length - (128UL << 10), (ulong)Length);
        Assert.True(trimmed.HandedDown > ByteSize.MiB(32));
        Assert.Equal((1, trimmed.GivenBack), (life.State.LastTrim!.FileSystems, life.State.LastTrim.GivenBack));
        Assert.Null(life.Picture.NextTrim);
        await Settled(life);
    }

    [Fact]
    public async Task By_schedule_it_happens_again_and_again_and_a_restart_does_not_begin_the_interval_anew()
    {
        var life = await Opened(Scheduled);
        await WithDeletedFile(life, "web");

        await Eventually.Holds(
            () => life.State.LastTrim is { GivenBack.Bytes: > Length / 2 }, () => "nothing was trimmed");
        var first = life.State.LastTrim!.At;
        await Eventually.Holds(() => life.State.LastTrim!.At > first, () => "it was trimmed once");
        await Settled(life);
        await life.Die();

        var next = await Reopened(Scheduled with { Trim = new TrimSettings(TimeSpan.FromHours(1), null) });
        Assert.Equal(next.State.LastTrim!.At + TimeSpan.FromHours(1), next.Picture.NextTrim);
    }

    [Fact]
    public async Task Where_it_is_mounted_by_someone_else_it_is_trimmed_there()
    {
        var life = await Opened();
        var device = (await life.Done(Ask.Create("web", use: DeviceUse.Active))).Device!;
        var elsewhere = new MountPath("/run/containerd/rootfs");
        Assert.True(Host.Kernel.Mount(
            TestHost.Thin(device.Id).Path, elsewhere, FileSystemKind.Ext4, readOnly: false).Succeeded);
        WriteAndDelete(elsewhere);
        life.Kernel.ClearCallLog();

        var reply = Assert.IsType<PoolReplies.Trimmed>(await life.Ask(new PoolCommands.Trim(Ask.NewRequest(), Ask.At)));

        Assert.Equal([device.Key], reply.FileSystems.Select(f => f.Key));
        Assert.Contains(
            life.Kernel.CallLog, call => call.ToString().StartsWith($"Trim {elsewhere} ", StringComparison.Ordinal));
        Assert.True(Host.Kernel.Unmount(elsewhere, detach: false).Succeeded);
    }

    [Fact]
    public async Task A_suspended_device_is_left_out()
    {
        var life = await Opened();
        var device = await WithDeletedFile(life, "web");
        Assert.True(Host.Kernel.Suspend(TestHost.Thin(device.Id), freeze: true).Succeeded);

        var reply = Assert.IsType<PoolReplies.Trimmed>(await life.Ask(new PoolCommands.Trim(Ask.NewRequest(), Ask.At)));

        Assert.Empty(reply.FileSystems);
        Assert.DoesNotContain(life.Kernel.CallLog, call => call.Operation == nameof(IKernel.Trim));
        Assert.True(Host.Kernel.Resume(TestHost.Thin(device.Id)).Succeeded);
    }

    [Fact]
    public async Task One_that_is_removed_meanwhile_does_not_end_the_round()
    {
        var life = await Opened();
        await WithDeletedFile(life, "a");
        var other = await WithDeletedFile(life, "b");
        var held = life.Kernel.HoldNext(nameof(IKernel.Trim));
        var round = life.Ask(new PoolCommands.Trim(Ask.NewRequest(), Ask.At));
        await held.Reached;

        await life.Done(Ask.Remove("a", force: true));
        held.Open();

        Assert.Contains(other.Key, Assert.IsType<PoolReplies.Trimmed>(await round).FileSystems.Select(f => f.Key));
        await Agrees(life);
    }

    [Fact]
    public async Task A_second_request_waits_for_the_same_round()
    {
        var life = await Opened();
        await WithDeletedFile(life, "web");
        var held = life.Kernel.HoldNext(nameof(IKernel.Trim));
        var first = life.Ask(new PoolCommands.Trim(Ask.NewRequest(), Ask.At));
        await held.Reached;
        var second = life.Ask(new PoolCommands.Trim(Ask.NewRequest(), Ask.At));
        // Behind the second request in the actor's mailbox: when it is answered, the second one waits for the round.
        await life.Refused(Ask.Create("other", Ask.Layer("unknown")));
        held.Open();

        Assert.Single(Assert.IsType<PoolReplies.Trimmed>(await first).FileSystems);
        Assert.Single(Assert.IsType<PoolReplies.Trimmed>(await second).FileSystems);
        Assert.Equal(1, life.Kernel.CallLog.Count(call => call.Operation == nameof(IKernel.Trim)));
    }

    [Fact]
    public async Task A_stop_waits_for_the_piece_and_gives_the_round_up()
    {
        var life = await Opened();
        await WithDeletedFile(life, "a");
        await WithDeletedFile(life, "b");
        var held = life.Kernel.HoldNext(nameof(IKernel.Trim));
        var round = life.Ask(new PoolCommands.Trim(Ask.NewRequest(), Ask.At));
        await held.Reached;

        await life.Stops();
        held.Open();

        Assert.IsType<PoolReplies.Refused>(await round);
        await life.PoolHasStopped.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(1, life.Kernel.CallLog.Count(call => call.Operation == nameof(IKernel.Trim)));
    }

    [Fact]
    public async Task At_the_mark_a_pause_ends_and_the_next_round_comes_early()
    {
        var before = LiveWithPool();
        await before.Done(Ask.Initialize(TestHost.PoolName, TestHost.PoolUuid, TestHost.Backing with
        {
            Data = [TestHost.Part(TestHost.DataDisk, ByteSize.MiB(64))],
        }));
        await WithDeletedFile(before, "a");
        var second = await WithDeletedFile(before, "b");
        await before.Die();
        var life = await Reopened(Settings with
        {
            StatusInterval = TimeSpan.FromMilliseconds(20),
            Background = new BackgroundPace(1),
            // A pause of more than an hour after the first file system.
            Trim = new TrimSettings(TimeSpan.FromMilliseconds(100), ByteSize.KiB(10)),
        });
        await Eventually.Holds(() => life.Picture.IsTrimming, () => "nothing is trimmed");
        await Task.Delay(100);
        Assert.True(life.Picture.IsTrimming);

        var written = Host.Kernel.Write(TestHost.Thin(second.Id).Path, ByteSize.MiB(8), new byte[55 << 20]);
        Assert.True(written.Succeeded, written.ToString());

        await Eventually.Holds(() => life.State.LastTrim is { FileSystems: 2 }, () => "the pause went on");
    }

    private async Task<DeviceRecord> WithDeletedFile(AgentLife life, string name)
    {
        var device = (await life.Done(Ask.Create(name, use: DeviceUse.Mounted))).Device!;
        WriteAndDelete(TestHost.MountOf(device.Key));
        return device;
    }

    private void WriteAndDelete(MountPath mounted)
    {
        Assert.True(Host.Kernel.WriteFile(mounted, "big", new byte[Length]).Succeeded);
        Assert.True(Host.Kernel.SyncFileSystem(mounted).Succeeded);
        Assert.True(Host.Kernel.DeleteFile(mounted, "big").Succeeded);
        Assert.True(Host.Kernel.SyncFileSystem(mounted).Succeeded);
    }
}
