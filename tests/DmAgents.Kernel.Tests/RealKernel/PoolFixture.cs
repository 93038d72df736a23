using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Kernel.Tests.RealKernel;

/// <summary>A real pool on the test disks, and the end of everything that begins with its name.</summary>
public sealed class PoolFixture : IDisposable
{
    public PoolFixture()
    {
        var opened = LinuxKernel.Open();
        Assert.True(opened.Succeeded, $"these tests run in the lab, as root: {opened.Error}");
        Kernel = opened.Value;
        TearDown();
        Ok(Kernel.Zero(TestDisks.Metadata, ByteSize.Zero, ByteSize.KiB(64)));
        Data = Kernel.Inspect(TestDisks.Data).Value.Size;
        Table = new ThinPoolTable(
            DeviceNames.Pool(Pool), DeviceNames.PoolId(Uuid), TestDisks.Metadata, TestDisks.Data,
            ByteSize.MiB(512).Sectors, PoolBlockSize.Default, LowWaterMark: 100);
        Ok(Kernel.OpenPool(Table));
    }

    public LinuxKernel Kernel { get; }

    public PoolName Pool { get; } = new("test-kernel");

    public PoolUuid Uuid { get; } = new(Guid.Parse("7e57aaaa-0000-4000-8000-000000000001"));

    public ByteSize Data { get; }

    public ThinPoolTable Table { get; }

    public MappedName Name => Table.Name;

    public static void Ok(KernelResult result) => Assert.True(result.Succeeded, result.ToString());

    public static T Ok<T>(KernelResult<T> result)
    {
        Assert.True(result.Succeeded, result.ToString());
        return result.Value;
    }

    public ThinTable Thin(uint id, ByteSize size, bool readOnly = false) => new(
        DeviceNames.Thin(Pool, new ThinId(id)), DeviceNames.ThinDeviceId(Uuid, new ThinId(id)), Name,
        new ThinId(id), size.Sectors, readOnly);

    /// <summary>A new, live thin device.</summary>
    public LiveDevice Create(uint id, ByteSize size)
    {
        Ok(Kernel.CreateThin(Name, new ThinId(id)));
        return Ok(Kernel.ActivateThin(Thin(id, size)));
    }

    public LiveDevice Snapshot(uint id, uint origin, ByteSize size)
    {
        Ok(Kernel.CreateSnapshot(Name, new ThinId(id), new ThinId(origin)));
        return Ok(Kernel.ActivateThin(Thin(id, size)));
    }

    public void Dispose()
    {
        TearDown();
        Kernel.Dispose();
    }

    /// <summary>Mounts first, then thin devices, then the pool.</summary>
    private void TearDown()
    {
        var devices = Ok(Kernel.ListDevices($"{DeviceNames.UuidPrefix}{Uuid}-"));
        foreach (var mount in Ok(Kernel.Mounts()).Where(mount => devices.Any(device => device.Number == mount.Device)))
            Ok(Kernel.Unmount(mount.Target, detach: true));
        var above = devices.Where(device => device.Name != DeviceNames.Pool(Pool)).ToList();
        foreach (var device in above)
            Ok(Kernel.Resume(device.Name));
        // One may lie on another: each round takes those that nothing lies on.
        for (var round = above.Count; round > 0; round--)
            above.RemoveAll(device => !Kernel.Remove(device.Name, deferred: false).FailedWith(KernelFault.Busy));
        Assert.Empty(above);
        if (devices.Any(device => device.Name == DeviceNames.Pool(Pool)))
            Ok(Kernel.ClosePool(DeviceNames.Pool(Pool)));
    }
}
