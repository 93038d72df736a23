using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>Mounted file systems are trimmed by schedule, by need and on request.</summary>
public sealed class TrimSpec : PoolSpec
{
    private const int Length = 4 << 20;

    private static readonly PoolSettings Scheduled = Settings with
    {
        StatusInterval = TimeSpan.FromMilliseconds(20),
        Trim = new TrimSettings(TimeSpan.FromMilliseconds(300), null),
    };

    [Fact]
    public void On_request_what_was_deleted_is_given_back_and_told()
    {
        var life = Opened();
        var device = WithDeletedFile(life, "web");
        life.Done(Ask.Create("idle"));

        var reply = Assert.IsType<PoolReplies.Trimmed>(
            life.Ask(new PoolCommands.Trim(Ask.NewRequest(), Ask.At)).Value);

        var trimmed = Assert.Single(reply.FileSystems);
        Assert.Equal(device.Key, trimmed.Key);
        Assert.InRange(trimmed.GivenBack.Bytes, Length - (128UL << 10), (ulong)Length);
        Assert.True(trimmed.HandedDown > ByteSize.MiB(32));
        Assert.Equal((1, trimmed.GivenBack), (life.State.LastTrim!.FileSystems, life.State.LastTrim.GivenBack));
        Assert.Null(life.Machine.NextTrim);
        Settled(life);
    }

    [Fact]
    public void By_schedule_it_happens_again_and_again_and_a_restart_does_not_begin_the_interval_anew()
    {
        var life = Opened(Scheduled);
        WithDeletedFile(life, "web");

        life.RunUntil(
            () => life.State.LastTrim is { GivenBack.Bytes: > Length / 2 }, () => "nothing was trimmed");
        var first = life.State.LastTrim!.At;
        life.RunUntil(() => life.State.LastTrim!.At > first, () => "it was trimmed once");
        Settled(life);
        life.Die();

        var next = Reopened(Scheduled with { Trim = new TrimSettings(TimeSpan.FromHours(1), null) });
        Assert.Equal(next.State.LastTrim!.At + TimeSpan.FromHours(1), next.Machine.NextTrim);
    }

    [Fact]
    public void Where_it_is_mounted_by_someone_else_it_is_trimmed_there()
    {
        var life = Opened();
        var device = life.Done(Ask.Create("web", use: DeviceUse.Active)).Device!;
        var elsewhere = new MountPath("/run/containerd/rootfs");
        Assert.True(Host.Kernel.Mount(
            TestHost.Thin(device.Id).Path, elsewhere, FileSystemKind.Ext4, readOnly: false).Succeeded);
        WriteAndDelete(elsewhere);
        life.Kernel.ClearCallLog();

        var reply = Assert.IsType<PoolReplies.Trimmed>(
            life.Ask(new PoolCommands.Trim(Ask.NewRequest(), Ask.At)).Value);

        Assert.Equal([device.Key], reply.FileSystems.Select(f => f.Key));
        Assert.Contains(
            life.Kernel.CallLog, call => call.ToString().StartsWith($"Trim {elsewhere} ", StringComparison.Ordinal));
        Assert.True(Host.Kernel.Unmount(elsewhere, detach: false).Succeeded);
    }

    [Fact]
    public void A_suspended_device_is_left_out()
    {
        var life = Opened();
        var device = WithDeletedFile(life, "web");
        Assert.True(Host.Kernel.Suspend(TestHost.Thin(device.Id), freeze: true).Succeeded);

        var reply = Assert.IsType<PoolReplies.Trimmed>(
            life.Ask(new PoolCommands.Trim(Ask.NewRequest(), Ask.At)).Value);

        Assert.Empty(reply.FileSystems);
        Assert.DoesNotContain(life.Kernel.CallLog, call => call.Operation == nameof(IKernel.Trim));
        Assert.True(Host.Kernel.Resume(TestHost.Thin(device.Id)).Succeeded);
    }

    [Fact]
    public void One_that_is_removed_meanwhile_does_not_end_the_round()
    {
        var life = Opened();
        WithDeletedFile(life, "a");
        var other = WithDeletedFile(life, "b");
        var held = life.Kernel.HoldNext(nameof(IKernel.Trim));
        var round = life.Ask(new PoolCommands.Trim(Ask.NewRequest(), Ask.At));
        life.Reach(held);

        life.Done(Ask.Remove("a", force: true));
        held.Open();

        Assert.Contains(other.Key, Assert.IsType<PoolReplies.Trimmed>(round.Value).FileSystems.Select(f => f.Key));
        Agrees(life);
    }

    [Fact]
    public void A_second_request_waits_for_the_same_round()
    {
        var life = Opened();
        WithDeletedFile(life, "web");
        var held = life.Kernel.HoldNext(nameof(IKernel.Trim));
        var first = life.Ask(new PoolCommands.Trim(Ask.NewRequest(), Ask.At));
        life.Reach(held);
        var second = life.Ask(new PoolCommands.Trim(Ask.NewRequest(), Ask.At));
        // This follows the second request in the actor's mailbox: once it is answered, the second request waits for the
        // round.
        life.Refused(Ask.Create("other", Ask.Layer("unknown")));
        held.Open();

        Assert.Single(Assert.IsType<PoolReplies.Trimmed>(first.Value).FileSystems);
        Assert.Single(Assert.IsType<PoolReplies.Trimmed>(second.Value).FileSystems);
        Assert.Equal(1, life.Kernel.CallLog.Count(call => call.Operation == nameof(IKernel.Trim)));
    }

    [Fact]
    public void A_stop_waits_for_the_piece_and_gives_the_round_up()
    {
        var life = Opened();
        WithDeletedFile(life, "a");
        WithDeletedFile(life, "b");
        var held = life.Kernel.HoldNext(nameof(IKernel.Trim));
        var round = life.Ask(new PoolCommands.Trim(Ask.NewRequest(), Ask.At));
        life.Reach(held);

        life.Stops();
        held.Open();

        Assert.IsType<PoolReplies.Refused>(round.Value);
        life.Ends();
        Assert.Equal(1, life.Kernel.CallLog.Count(call => call.Operation == nameof(IKernel.Trim)));
    }

    [Fact]
    public void At_the_mark_a_pause_ends_and_the_next_round_comes_early()
    {
        var before = Live();
        before.Done(Ask.Initialize(TestHost.PoolName, TestHost.PoolUuid, TestHost.Backing with
        {
            Data = [TestHost.Part(TestHost.DataDisk, ByteSize.MiB(64))],
        }));
        WithDeletedFile(before, "a");
        var second = WithDeletedFile(before, "b");
        before.Die();
        var life = Reopened(Settings with
        {
            StatusInterval = TimeSpan.FromMilliseconds(20),
            Background = new BackgroundPace(1),
            // This causes a pause of more than an hour after the first file system.
            Trim = new TrimSettings(TimeSpan.FromMilliseconds(100), ByteSize.KiB(10)),
        });
        life.RunUntil(() => life.Machine.IsTrimming, () => "nothing is trimmed");
        life.Pass(TimeSpan.FromSeconds(1));
        Assert.True(life.Machine.IsTrimming);

        var written = Host.Kernel.Write(TestHost.Thin(second.Id).Path, ByteSize.MiB(8), new byte[55 << 20]);
        Assert.True(written.Succeeded, written.ToString());

        life.RunUntil(() => life.State.LastTrim is { FileSystems: 2 }, () => "the pause went on");
    }

    private DeviceRecord WithDeletedFile(PoolLife life, string name)
    {
        var device = life.Done(Ask.Create(name, use: DeviceUse.Mounted)).Device!;
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
