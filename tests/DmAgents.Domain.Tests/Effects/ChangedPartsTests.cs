using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Tests.Effects;

/// <summary>What other programs change below a live pool is found, on loop files and on disks.</summary>
public sealed class ChangedPartsTests
{
    private readonly TestPool _loop = new(isLoop: true);

    private PoolBacking.LoopFiles Files => (PoolBacking.LoopFiles)_loop.Context.Identity.Backing;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_pool_as_the_agent_made_it_has_none(bool isLoop)
    {
        var pool = new TestPool(isLoop: isLoop);

        Assert.Empty(Find(pool));
        pool.Container(2, "web", DeviceUse.Mounted);
        Assert.Empty(Find(pool));
    }

    [Fact]
    public void A_pool_of_loop_files_that_is_not_live_has_none()
    {
        Assert.Equal(KernelResult.Done, new AssemblyEffects(_loop.Kernel, _loop.Context).Close());

        Assert.Empty(Find(_loop));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Another_table_of_the_pool_is_found(bool isLoop)
    {
        var pool = new TestPool(isLoop: isLoop);
        var table = TableOf(pool);
        Assert.Equal(KernelResult.Done, pool.Simulated.ReloadPool(table with { LowWaterMark = 7 }));

        var part = Assert.Single(Find(pool));

        Assert.Equal((pool.Context.Device.Value, "its table was changed"), (part.Subject, part.What));
        Assert.EndsWith(" 7", part.Why, StringComparison.Ordinal);
        // A repair brings it back.
        Assert.Null(part.Next);
        Assert.Equal(KernelResult.Done, new AssemblyEffects(pool.Kernel, pool.Context).Open());
        Assert.Empty(Find(pool));
    }

    [Fact]
    public void A_pool_that_was_made_of_other_devices_by_hand_is_found()
    {
        var table = TableOf(_loop);
        Assert.Equal(KernelResult.Done, _loop.Simulated.ClosePool(table.Name));
        var disk = _loop.Simulated.AddDisk("/dev/test-other", ByteSize.MiB(64));
        Assert.Equal(KernelResult.Done, _loop.Simulated.OpenPool(table with { Data = disk }));

        var part = Assert.Single(Find(_loop));

        Assert.Equal("its table maps other devices than the journal says", part.What);
        RepairIsRefusedAndNotAdvised(part);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_file_in_the_place_of_a_loop_file_is_found(bool isData)
    {
        var part = isData ? Files.Data : Files.Metadata;
        _loop.Simulated.ReplaceFile(part.File, part.Size);

        var found = Assert.Single(Find(_loop));

        Assert.Equal(
            (part.File.Value, "the live pool does not use this file"), (found.Subject, found.What));
        RepairIsRefusedAndNotAdvised(found);
    }

    private void RepairIsRefusedAndNotAdvised(ChangedPart part)
    {
        Assert.False(new AssemblyEffects(_loop.Kernel, _loop.Context).Open().Succeeded);
        Assert.NotNull(part.Next);
    }

    [Fact]
    public void A_loop_file_that_was_removed_is_found()
    {
        _loop.Simulated.UnlinkFile(Files.Data.File);

        var found = Assert.Single(Find(_loop));

        Assert.Equal("the file is gone, and the live pool uses it still", found.What);
        RepairIsRefusedAndNotAdvised(found);
    }

    [Fact]
    public void A_loop_file_that_was_made_shorter_is_found()
    {
        _loop.Simulated.ShortenFile(Files.Data.File, ByteSize.MiB(63));

        var found = Assert.Single(Find(_loop));

        Assert.Equal("the file is shorter than the journal says", found.What);
        Assert.Equal("it has 63 MiB of 64 MiB", found.Why);
        Assert.EndsWith($"truncate --size {64 << 20} {Files.Data.File}", found.Next, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loop_device_that_was_given_an_offset_is_found()
    {
        _loop.Simulated.LimitLoop(Files.Metadata.File, ByteSize.MiB(3));

        var found = Assert.Single(Find(_loop));

        Assert.Equal("the loop device does not show the whole file", found.What);
        Assert.StartsWith("it has 3 MiB of 4 MiB", found.Why, StringComparison.Ordinal);
    }

    private static ThinPoolTable TableOf(TestPool pool)
    {
        var name = pool.Context.Identity.Name;
        var (metadata, data) = pool.Context.Identity.Backing is PoolBacking.LoopFiles files
            ? (pool.Simulated.InspectFile(files.Metadata.File).Value.Attached!.Value,
                pool.Simulated.InspectFile(files.Data.File).Value.Attached!.Value)
            : (DeviceNames.Metadata(name).Path, DeviceNames.Data(name).Path);
        Assert.Empty(Find(pool));
        return new ThinPoolTable(
            pool.Context.Device, DeviceNames.PoolId(pool.Context.Identity.Uuid), metadata, data,
            ByteSize.MiB(64).Sectors, pool.Context.Identity.BlockSize, LowWaterMark: 102);
    }

    private static List<ChangedPart> Find(TestPool pool) =>
        [.. new ChangedParts(pool.Kernel, pool.Context).Find()];
}
