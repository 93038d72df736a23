using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Live thin devices: names, sizes, modes.</summary>
public abstract class ActivationContract(KernelFixture fixture) : KernelContract(fixture)
{
    [Fact]
    public void An_id_that_is_unknown_is_NotFound_to_activate_and_leaves_no_device()
    {
        var pool = Scope.OpenPool();

        Kernel.ActivateThin(pool.Thin(1)).MustBeRefused(KernelFault.NotFound);

        Kernel.Find(pool.Thin(1).Name).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void A_pool_that_is_not_live_is_NotFound_to_activate_and_leaves_no_device()
    {
        var pool = Scope.OpenPool();
        pool.Create(1);
        Kernel.ClosePool(pool.Name).Must();

        Kernel.ActivateThin(pool.Thin(1)).MustBeRefused(KernelFault.NotFound);

        Kernel.Find(pool.Thin(1).Name).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void A_live_name_or_uuid_says_Exists_to_activate()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Create(2);

        Kernel.ActivateThin(pool.Thin(1)).MustBeRefused(KernelFault.Exists);
        Kernel.ActivateThin(pool.Thin(2) with { Uuid = pool.Thin(1).Uuid }).MustBeRefused(KernelFault.Exists);

        Kernel.Find(pool.Thin(2).Name).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void An_active_device_is_found_as_it_was_asked_for()
    {
        var pool = Scope.OpenPool();

        var device = pool.CreateActive(1, mebibytes: 32);

        Eventually.Equal(0u, () => Kernel.Find(device.Name).Must().OpenCount, "the open count");
        Assert.Equal(device with { OpenCount = 0 }, Kernel.Find(device.Name).Must());
        Assert.Equal(
            (pool.Thin(1).Name, pool.Thin(1).Uuid, ByteSize.MiB(32).Sectors),
            (device.Name, device.Uuid, device.Length));
        Assert.False(device.Suspended || device.ReadOnly || device.RemovalDeferred);
    }

    [Fact]
    public void A_live_table_is_compared_with_the_one_that_it_should_be()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1, mebibytes: 32);
        pool.Create(2);
        var table = pool.Thin(1, mebibytes: 32);

        Assert.True(Kernel.Compare(table).Must() is { MapsAsGiven: true, IsAsGiven: true });
        var longer = Kernel.Compare(table with { Length = ByteSize.MiB(48).Sectors }).Must();
        Assert.True(longer is { MapsAsGiven: true, IsAsGiven: false });
        Assert.Equal(ByteSize.MiB(32).Sectors, longer.Device.Length);
        Assert.True(Kernel.Compare(table with { ReadOnly = true }).Must() is { MapsAsGiven: true, IsAsGiven: false });

        Kernel.ReloadThin(table with { Id = ContractPool.Id(2) }).Must();

        var changed = Kernel.Compare(table).Must();
        Assert.True(changed is { MapsAsGiven: false, IsAsGiven: false });
        Assert.EndsWith(" 2", changed.Text, StringComparison.Ordinal);
        Kernel.Remove(table.Name, deferred: false).Must();
        Kernel.Compare(table).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void Its_node_is_there_when_the_activation_returns()
    {
        var device = Scope.OpenPool().CreateActive(1, mebibytes: 32);

        var node = Kernel.Inspect(device.Name.Path).Must();

        Assert.Equal((device.Number, ByteSize.MiB(32)), (node.Number, node.Size));
        Assert.False(node.InUse || node.ReadOnly);
    }

    [Fact]
    public void One_that_was_left_without_a_table_is_not_found_but_listed_and_made_to_its_end()
    {
        var pool = Scope.OpenPool();
        pool.Create(1);
        var table = pool.Thin(1);
        Fixture.LeaveWithoutTable(table.Name, table.Uuid);

        Kernel.Find(table.Name).MustBeRefused(KernelFault.NotFound);
        Assert.Equal(0UL, Assert.Single(Kernel.ListDevices(table.Uuid.Value).Must()).Length.Value);
        Kernel.ActivateThin(table with { Uuid = new MappedUuid($"{table.Uuid}-other") })
            .MustBeRefused(KernelFault.Exists);

        pool.Activate(1);
        pool.Write(1, block: 0, fill: 1);
        pool.MustHold(1, block: 0, fill: 1);
    }

    [Fact]
    public void One_that_was_left_without_a_table_is_removed()
    {
        var pool = Scope.OpenPool();
        Fixture.LeaveWithoutTable(pool.Thin(1).Name, pool.Thin(1).Uuid);

        Kernel.Remove(pool.Thin(1).Name, deferred: false).Must();

        Kernel.Remove(pool.Thin(1).Name, deferred: false).MustBeRefused(KernelFault.NotFound);
        Assert.Empty(Kernel.ListDevices(pool.Thin(1).Uuid.Value).Must());
    }

    [Fact]
    public void Devices_are_listed_by_the_beginning_of_their_uuid()
    {
        var pool = Scope.OpenPool();
        var other = Scope.OpenPool();
        pool.CreateActive(1);
        pool.CreateActive(2);
        other.CreateActive(1);

        var listed = Kernel.ListDevices($"{DeviceNames.UuidPrefix}{pool.Uuid}-").Must();

        Assert.Equal(
            new[] { pool.Table.Data.Value, pool.Table.Metadata.Value, pool.Name.Path.Value,
                pool.Thin(1).Name.Path.Value, pool.Thin(2).Name.Path.Value }.Order(),
            listed.Select(device => device.Name.Path.Value).Order());
        Assert.Equal([1u, 2u], listed
            .Select(device => DeviceNames.ThinIdOf(pool.Uuid, device.Uuid)?.Value).OfType<uint>().Order());
    }

    [Fact]
    public void The_size_is_chosen_at_each_activation()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1, mebibytes: 16);
        pool.Write(1, block: 0, fill: 1);
        pool.Deactivate(1);

        pool.Activate(1, mebibytes: 512);

        Assert.Equal(ByteSize.MiB(512), Kernel.Inspect(pool.Thin(1).Name.Path).Must().Size);
        pool.MustHold(1, block: 0, fill: 1);
        pool.MustHold(1, block: 5000, fill: 0);
    }

    [Fact]
    public void A_live_device_gets_longer()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1, mebibytes: 16);
        pool.Write(1, block: 0, fill: 1);

        Kernel.ReloadThin(pool.Thin(1, mebibytes: 32)).Must();

        Assert.Equal(ByteSize.MiB(32).Sectors, Kernel.Find(pool.Thin(1).Name).Must().Length);
        pool.Write(1, block: 400, fill: 2);
        pool.MustHold(1, block: 400, fill: 2);
        pool.MustHold(1, block: 0, fill: 1);
    }

    [Fact]
    public void A_device_that_is_not_live_cannot_be_reloaded()
    {
        var pool = Scope.OpenPool();
        pool.Create(1);

        Kernel.ReloadThin(pool.Thin(1)).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void A_read_only_device_refuses_writes_until_it_is_reloaded_writable()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1);
        pool.Deactivate(1);
        var device = pool.Activate(1, readOnly: true);
        Assert.True(device.ReadOnly);

        Kernel.Write(device.Name.Path, ByteSize.Zero, ContractPool.Block(2))
            .MustBeRefused(KernelFault.NotPermitted, KernelFault.ReadOnly);
        pool.MustHold(1, block: 0, fill: 1);

        Kernel.ReloadThin(pool.Thin(1)).Must();
        Assert.False(Kernel.Find(device.Name).Must().ReadOnly);
        pool.Write(1, block: 0, fill: 3);
        pool.MustHold(1, block: 0, fill: 3);
    }
}
