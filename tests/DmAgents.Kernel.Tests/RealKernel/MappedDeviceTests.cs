using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.BlockDevices;
using DmAgents.Kernel.DeviceMapper;
using DmAgents.Testing.Contracts;
using static DmAgents.Kernel.Tests.RealKernel.PoolFixture;

namespace DmAgents.Kernel.Tests.RealKernel;

[Trait("Needs", "Kernel")]
public sealed class MappedDeviceTests : IDisposable
{
    private static readonly ByteSize Size = ByteSize.MiB(64);

    private readonly PoolFixture _pool = new();

    private LinuxKernel Kernel => _pool.Kernel;

    public void Dispose() => _pool.Dispose();

    /// <summary>An agent died between making the device and its node: its removal then waited for ever.</summary>
    [Fact]
    public void A_device_without_a_node_has_one_when_it_was_listed()
    {
        var live = _pool.Create(1, Size);
        File.Delete(live.Name.Path.Value);

        var listed = Ok(Kernel.ListDevices(live.Uuid.Value));

        Assert.Equal(live, Assert.Single(listed));
        Ok(Kernel.Write(live.Name.Path, ByteSize.Zero, new byte[4096]));
    }

    [Fact]
    public void A_device_is_as_its_table_says_and_its_node_is_there_at_once()
    {
        var live = _pool.Create(1, Size);

        var found = Ok(Kernel.Find(live.Name));
        Assert.Equal(live, found);
        Assert.Equal(_pool.Thin(1, Size).Uuid, live.Uuid);
        Assert.Equal(Size.Sectors, live.Length);
        Assert.Equal(0u, live.OpenCount);
        Assert.False(live.Suspended || live.ReadOnly || live.RemovalDeferred);
        var inspected = Ok(Kernel.Inspect(live.Name.Path));
        Assert.Equal((live.Number, Size, false, null),
            (inspected.Number, inspected.Size, inspected.InUse, inspected.Signature));
    }

    [Fact]
    public void A_read_only_device_refuses_writes()
    {
        Ok(Kernel.CreateThin(_pool.Name, new ThinId(1)));
        var live = Ok(Kernel.ActivateThin(_pool.Thin(1, Size, readOnly: true)));

        Assert.True(live.ReadOnly);
        Assert.True(Ok(Kernel.Find(live.Name)).ReadOnly);
        var refused = Kernel.Write(live.Name.Path, ByteSize.Zero, new byte[512]);
        Assert.False(refused.Succeeded);

        Ok(Kernel.ReloadThin(_pool.Thin(1, Size)));
        Assert.False(Ok(Kernel.Find(live.Name)).ReadOnly);
        Ok(Kernel.Write(live.Name.Path, ByteSize.Zero, new byte[512]));
    }

    [Fact]
    public void What_is_missing_for_a_device_is_not_found_and_nothing_is_left()
    {
        Assert.True(Kernel.ActivateThin(_pool.Thin(7, Size)).FailedWith(KernelFault.NotFound));
        Assert.True(Kernel.ActivateThin(_pool.Thin(7, Size) with { Pool = new("dmagents-test-none") })
            .FailedWith(KernelFault.NotFound));

        Assert.True(Kernel.Find(_pool.Thin(7, Size).Name).FailedWith(KernelFault.NotFound));
        Assert.True(Kernel.Remove(_pool.Thin(7, Size).Name, deferred: false).FailedWith(KernelFault.NotFound));
        Assert.True(Kernel.Remove(_pool.Thin(7, Size).Name, deferred: true).FailedWith(KernelFault.NotFound));
    }

    [Fact]
    public void A_name_or_a_uuid_is_live_once()
    {
        var live = _pool.Create(1, Size);
        Ok(Kernel.CreateThin(_pool.Name, new ThinId(2)));

        Assert.True(Kernel.ActivateThin(_pool.Thin(1, Size)).FailedWith(KernelFault.Exists));
        Assert.True(Kernel.ActivateThin(_pool.Thin(2, Size) with { Uuid = live.Uuid }).FailedWith(KernelFault.Exists));
        Assert.Equal(live, Ok(Kernel.Find(live.Name)));
    }

    [Fact]
    public void A_device_grows_while_it_lives()
    {
        var live = _pool.Create(1, Size);

        Ok(Kernel.ReloadThin(_pool.Thin(1, ByteSize.MiB(128))));

        Assert.Equal(ByteSize.MiB(128), Ok(Kernel.Inspect(live.Name.Path)).Size);
        Assert.False(Ok(Kernel.Find(live.Name)).Suspended);
    }

    [Fact]
    public void Suspend_and_resume_are_done_again_without_harm()
    {
        var live = _pool.Create(1, Size);

        Ok(Kernel.Suspend(live.Name, freeze: true));
        Ok(Kernel.Suspend(live.Name, freeze: false));
        Assert.True(Ok(Kernel.Find(live.Name)).Suspended);
        Ok(Kernel.Resume(live.Name));
        Ok(Kernel.Resume(live.Name));

        Assert.False(Ok(Kernel.Find(live.Name)).Suspended);
        Assert.True(Kernel.Suspend(new("dmagents-test-none"), freeze: true).FailedWith(KernelFault.NotFound));
    }

    [Fact]
    public void An_open_device_is_busy_and_goes_when_it_is_closed_if_that_is_wanted()
    {
        var live = _pool.Create(1, Size);
        using (Ok(BlockNodes.Open(live.Name.Path, flags: 0)))
        {
            Assert.Equal(1u, Ok(Kernel.Find(live.Name)).OpenCount);
            Assert.True(Kernel.Remove(live.Name, deferred: false).FailedWith(KernelFault.Busy));
            Assert.True(File.Exists(live.Name.Path.Value));
            Ok(Kernel.Remove(live.Name, deferred: true));
            Assert.True(Ok(Kernel.Find(live.Name)).RemovalDeferred);
        }

        // The kernel removes it in a worker of its own.
        Eventually.True(() => Kernel.Find(live.Name).FailedWith(KernelFault.NotFound), "the device is gone");
        Assert.False(File.Exists(live.Name.Path.Value));
        // And its name goes first: with a second CPU the pool is seen to be held for a moment longer.
        Eventually.Equal(0u, () => Ok(Kernel.Find(_pool.Name)).OpenCount, "the pool's open count");
    }

    [Fact]
    public void A_node_left_over_from_another_device_is_replaced()
    {
        var first = _pool.Create(1, Size);
        var second = _pool.Create(2, Size);
        // The node of the first is what a crashed agent may leave; its number is another device's by now.
        Ok(Kernel.Remove(first.Name, deferred: false));
        Ok(new DmNodes().Ensure(first.Name, second.Number));

        var again = Ok(Kernel.ActivateThin(_pool.Thin(1, Size)));

        Assert.Equal(again.Number, Ok(Kernel.Inspect(first.Name.Path)).Number);
        Assert.NotEqual(second.Number, again.Number);
    }

    [Fact]
    public void The_control_node_is_made_where_it_is_missing()
    {
        File.Delete(DmControl.Path);

        using var control = Ok(DmControl.Open());

        Assert.True(File.Exists(DmControl.Path));
        Assert.Equal(4, control.KernelVersion.Major);
        Assert.Contains(Ok(control.TargetVersions()), target => target.Type == "thin-pool");
    }

    [Fact]
    public void Devices_are_listed_by_the_start_of_their_uuid()
    {
        var live = _pool.Create(1, Size);
        Ok(Kernel.Suspend(live.Name, freeze: false));

        var all = Ok(Kernel.ListDevices($"{DeviceNames.UuidPrefix}{_pool.Uuid}-"));

        Assert.Equal([live.Name, _pool.Name], all.Select(device => device.Name).OrderBy(name => name.Value));
        Assert.True(all.Single(device => device.Name == live.Name).Suspended);
        Assert.Equal(1u, all.Single(device => device.Name == _pool.Name).OpenCount);
        Assert.Empty(Ok(Kernel.ListDevices("DMAGENTS-nobody")));
    }

    [Fact]
    public void A_linear_device_joins_parts_and_grows()
    {
        var origin = _pool.Create(1, Size);
        var name = new MappedName("dmagents-test-kernel-joined");
        var table = new LinearTable(name, new($"{DeviceNames.UuidPrefix}{_pool.Uuid}-joined"),
        [
            new(origin.Name.Path, ByteSize.MiB(8).Sectors, ByteSize.MiB(1).Sectors),
            new(origin.Name.Path, ByteSize.MiB(2).Sectors, ByteSize.MiB(1).Sectors),
        ]);
        var live = Ok(Kernel.OpenLinear(table));
        Assert.Equal(ByteSize.MiB(2).Sectors, live.Length);
        Ok(Kernel.Write(name.Path, ByteSize.MiB(1), new byte[] { 1, 2, 3, 4 }));
        var read = new byte[4];
        Ok(Kernel.Read(origin.Name.Path, ByteSize.MiB(2), read));
        Assert.Equal([1, 2, 3, 4], read);

        Ok(Kernel.ReloadLinear(table with
        {
            Segments = table.Segments.Add(new(origin.Name.Path, ByteSize.MiB(20).Sectors, ByteSize.MiB(4).Sectors)),
        }));

        Assert.Equal(ByteSize.MiB(6), Ok(Kernel.Inspect(name.Path)).Size);
        var holder = Assert.Single(Ok(Kernel.Holders(origin)));
        Assert.Equal(new DeviceHolder("device", name.Value, ProcessId: null), holder);
        Assert.True(Ok(Kernel.Inspect(origin.Name.Path)).InUse);
        Ok(Kernel.Remove(name, deferred: false));
    }

    [Fact]
    public void A_renamed_device_keeps_its_number()
    {
        var live = _pool.Create(1, Size);
        using var control = Ok(DmControl.Open());
        var other = new MappedName("dmagents-test-kernel-renamed");

        Ok(control.Rename(live.Name, other));

        Assert.Equal(live.Number, Ok(Kernel.Find(other)).Number);
        Ok(control.Rename(other, live.Name));
    }

    [Fact]
    public void Many_threads_work_on_many_devices()
    {
        const int threads = 8, rounds = 12;
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread =>
        {
            for (var round = 0; round < rounds; round++)
            {
                var id = (uint)(thread * rounds + round);
                var live = _pool.Create(id, Size);
                Ok(Kernel.Write(live.Name.Path, ByteSize.Zero, BitConverter.GetBytes(id)));
                var read = new byte[4];
                Ok(Kernel.Suspend(live.Name, freeze: true));
                Ok(Kernel.Resume(live.Name));
                Ok(Kernel.Read(live.Name.Path, ByteSize.Zero, read));
                Assert.Equal(id, BitConverter.ToUInt32(read));
                Ok(Kernel.Remove(live.Name, deferred: false));
            }
        });

        Assert.Equal(threads * rounds, Ok(Kernel.ListThins(_pool.Name)).Count);
        Assert.Single(Ok(Kernel.ListDevices($"{DeviceNames.UuidPrefix}{_pool.Uuid}-")));
    }
}
