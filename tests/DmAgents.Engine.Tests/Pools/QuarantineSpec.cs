using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>Thin ids that the pool has and the journal does not know.</summary>
public sealed class QuarantineSpec : PoolSpec
{
    private static readonly ThinId Stray = new(77);

    [Fact]
    public void An_id_that_nobody_knows_is_kept_and_not_given_to_another()
    {
        var life = WithStray(new ThinId(3));

        Assert.Contains(new ThinId(3), life.State.Ledger.Quarantine.Keys);
        Assert.Equal(new ThinId(4), life.Done(Ask.Create("two")).Device!.Id);
        Agrees(life);
    }

    [Fact]
    public void A_purge_deletes_it()
    {
        var life = WithStray(Stray);

        life.Done(Ask.Purge(Stray));

        Assert.Empty(life.State.Ledger.Quarantine);
        Assert.DoesNotContain(Stray, Host.Thins);
        Agrees(life);
    }

    [Fact]
    public void A_purge_that_the_kernel_refuses_is_refused_and_tried_again()
    {
        var life = WithStray(Stray);
        life.Kernel.FailNext(nameof(IKernel.DeleteThin), KernelFault.Busy);

        Assert.Equal(RefusalKind.Busy, life.Refused(Ask.Purge(Stray)).Kind);

        Agrees(life);
        Assert.DoesNotContain(Stray, Host.Thins);
    }

    [Fact]
    public void A_purge_that_failed_is_not_told_to_be_done()
    {
        var life = WithStray(Stray, Settings with { RetryInterval = TimeSpan.FromHours(1) });
        var purge = Ask.Purge(Stray);
        life.Kernel.FailNext(nameof(IKernel.DeleteThin), KernelFault.Busy);
        life.Refused(purge);

        Assert.False(life.Done(purge).AlreadySo);
        Assert.DoesNotContain(Stray, Host.Thins);
    }

    [Fact]
    public void A_purge_that_a_dead_agent_left_is_carried_out_by_the_next()
    {
        var life = WithStray(Stray);
        var held = life.Kernel.HoldNext(nameof(IKernel.DeleteThin));
        _ = life.Ask(Ask.Purge(Stray));
        life.Reach(held);
        life.Die(held);

        Agrees(Reopened());
        Assert.DoesNotContain(Stray, Host.Thins);
    }

    [Fact]
    public void An_undeleted_id_is_a_layer_again()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        Host.Kernel.WriteFile(TestHost.MountOf(Ask.Container("web")), "hello", "saved"u8);
        life.Done(Ask.Unmount("web"));
        var id = life.State.Find(Ask.Container("web"))!.Id;
        life.Die();
        Host.Kernel.CreateSnapshot(TestHost.Pool, Stray, id);
        var next = Reopened();

        next.Done(Ask.Undelete(Stray, Ask.Layer("a"), Ask.BaseSize));

        next.Done(Ask.Create("copy", Ask.Layer("a"), DeviceUse.Mounted));
        Assert.Equal("saved"u8, Host.Kernel.ReadFile(TestHost.MountOf(Ask.Container("copy")), "hello").Value);
        Agrees(next);
    }

    /// <summary>A journal restored from a backup is older than the files in metadata/.</summary>
    [Fact]
    public void What_its_file_in_metadata_says_is_kept_before_the_file_goes()
    {
        var life = Opened();
        life.Done(Ask.Create("one"));
        life.Die();
        Assert.True(Host.Kernel.CreateThin(TestHost.Pool, Stray).Succeeded);
        var file = $"{TestHost.Paths.MetadataDirectory}/lost.json";
        Host.Files.Replace(file, """
            {"device_id":77,"size":1048576,"transaction_id":1,"initialized":true,"deleted":false,"key":"container/lost",
             "kind":"container","parent":"layer/sha256:1","file_system":"xfs","phase":"ready","use":"idle",
             "read_only":false,"labels":{},"created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:05Z"}
            """u8);
        Host.Files.Replace($"{TestHost.Paths.MetadataDirectory}/notes.txt", "not ours"u8);
        var expected = new DeviceHint(
            DeviceKey.Container("lost"), DeviceKey.Layer("sha256:1"), ByteSize.MiB(1), FileSystemKind.Xfs);

        var next = Reopened();

        Assert.Equal(expected, next.State.Ledger.Quarantine[Stray].Hint);
        // The projection deletes it too, because it does not know the device.
        Assert.True(Host.Files.Delete(file).Succeeded);
        next.Die();
        Assert.Equal(expected, Reopened().State.Ledger.Quarantine[Stray].Hint);
    }

    [Fact]
    public void One_whose_making_is_in_doubt_keeps_what_it_was_to_be()
    {
        var life = Opened();
        life.Done(Ask.Create("one"));
        life.Kernel.FailNext(nameof(IKernel.CreateSnapshot), KernelFault.Failed, afterEffect: true);

        life.Refused(Ask.Create("doubtful"));

        var quarantined = Assert.Single(life.State.Ledger.Quarantine.Values);
        Assert.Equal(Ask.Container("doubtful"), quarantined.Hint!.Key);
        Assert.Equal(Ask.BaseSize, quarantined.Hint.Size);
    }

    [Fact]
    public void Nothing_in_quarantine_is_ever_deleted_alone()
    {
        var life = WithStray(Stray, Settings with
        {
            StatusInterval = TimeSpan.FromMilliseconds(10), DiscardOnRemove = true,
            Trim = new Domain.Pools.Care.TrimSettings(TimeSpan.FromMilliseconds(10), null),
        });
        life.Done(Ask.Remove("one"));
        life.RunUntil(() => life.Machine.PendingDeletions.IsEmpty, () => "the removal does not end");
        life.Pass(TimeSpan.FromSeconds(1));

        Assert.Contains(Stray, Host.Thins);
        Assert.Contains(Stray, life.State.Ledger.Quarantine.Keys);
    }

    /// <summary>A pool with a base, a container, and an id that another program created.</summary>
    private PoolLife WithStray(ThinId stray, Domain.Pools.PoolSettings? settings = null)
    {
        var life = Opened();
        life.Done(Ask.Create("one"));
        life.Die();
        Assert.True(Host.Kernel.CreateThin(TestHost.Pool, stray).Succeeded);
        return Reopened(settings);
    }
}
