using System.Diagnostics;
using System.Globalization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.DeviceMapper;
using static DmAgents.Kernel.Tests.RealKernel.PoolFixture;

namespace DmAgents.Kernel.Tests.RealKernel;

[Trait("Needs", "Kernel")]
public sealed class ThinUsageTests : IDisposable
{
    private static readonly ByteSize Block = ByteSize.KiB(64);

    private readonly PoolFixture _pool = new();

    private LinuxKernel Kernel => _pool.Kernel;

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void Shared_and_own_blocks_are_told_apart()
    {
        var origin = _pool.Create(1, ByteSize.MiB(64)).Name;
        Write(origin, 0, 1, 2, 3);
        Ok(Kernel.SetTransactionId(_pool.Name, TransactionId.Initial, new TransactionId(3)));
        var snapshot = _pool.Snapshot(2, origin: 1, ByteSize.MiB(64)).Name;
        Write(snapshot, 2, 9);

        Assert.Equal(
            [
                new ThinUsage(new ThinId(1), 4, 1, TransactionId.Initial),
                new ThinUsage(new ThinId(2), 5, 2, new TransactionId(3)) { SnapshotOf = new ThinId(1) },
            ],
            Ok(Kernel.MeasureThins(_pool.Name)));
        Assert.Equal(
            [
                new ThinUsage(new ThinId(1), 4, null, TransactionId.Initial),
                new ThinUsage(new ThinId(2), 5, null, new TransactionId(3)) { SnapshotOf = new ThinId(1) },
            ],
            Ok(Kernel.ListThins(_pool.Name)));
        Assert.Null(Ok(Kernel.PoolStatus(_pool.Name)).HeldRoot);
    }

    [Fact]
    public void A_pool_without_devices_lists_none()
    {
        Assert.Empty(Ok(Kernel.ListThins(_pool.Name)));
        Assert.Empty(Ok(Kernel.MeasureThins(_pool.Name)));
    }

    [Fact]
    public void A_metadata_snapshot_that_another_holds_makes_it_busy_and_can_be_released()
    {
        using var control = Ok(DmControl.Open());
        Ok(control.Message(_pool.Name, "reserve_metadata_snap"));

        Assert.True(Kernel.ListThins(_pool.Name).FailedWith(KernelFault.Busy));
        Assert.NotNull(Ok(Kernel.PoolStatus(_pool.Name)).HeldRoot);
        Ok(Kernel.ReleaseMetadataSnapshot(_pool.Name));

        Assert.Empty(Ok(Kernel.ListThins(_pool.Name)));
    }

    /// <summary>Trees of several levels, shared at every height, with holes and deletions.</summary>
    [Fact]
    public void Dozens_of_snapshots_with_random_writes_measure_as_thin_ls_does()
    {
        var random = new Random(20240611);
        const uint devices = 48, blocks = 4096;
        var written = new byte[16];
        for (uint id = 0; id < devices; id++)
        {
            if (id == 0)
                Ok(Kernel.CreateThin(_pool.Name, new ThinId(id)));
            else
                Ok(Kernel.CreateSnapshot(_pool.Name, new ThinId(id), new ThinId((uint)random.Next((int)id))));
            var live = Ok(Kernel.ActivateThin(_pool.Thin(id, ByteSize.MiB(256))));
            if (id == 0)
                FillEveryThird(live.Name, blocks);
            for (var i = 0; i < 60; i++)
            {
                random.NextBytes(written);
                Ok(Kernel.Write(live.Name.Path, new ByteSize((ulong)random.Next((int)blocks) * Block.Bytes), written));
            }
            Ok(Kernel.Remove(live.Name, deferred: false));
        }
        for (uint id = 5; id < devices; id += 9)
            Ok(Kernel.DeleteThin(_pool.Name, new ThinId(id)));

        var measured = Ok(Kernel.MeasureThins(_pool.Name));
        Ok(Kernel.ClosePool(_pool.Name));

        // thin_ls does not tell whose snapshot one is.
        Assert.Equal(ThinLs(), measured.Select(thin => thin with { SnapshotOf = null }).ToArray());
        Assert.True(measured.Sum(thin => (long)thin.ExclusiveBlocks!.Value) > 1000);
    }

    private void FillEveryThird(MappedName device, uint blocks)
    {
        var bytes = new byte[512];
        for (uint block = 0; block < blocks; block += 3)
            Ok(Kernel.Write(device.Path, new ByteSize(block * Block.Bytes), bytes));
    }

    private void Write(MappedName device, params IEnumerable<ulong> blocks)
    {
        foreach (var block in blocks)
            Ok(Kernel.Write(device.Path, new ByteSize(block * Block.Bytes), new byte[512]));
    }

    private static ThinUsage[] ThinLs()
    {
        const string program = "/usr/sbin/thin_ls";
        Assert.True(File.Exists(program), $"the test compares with {program}: apt-get install thin-provisioning-tools");
        using var process = Process.Start(new ProcessStartInfo(program,
            ["--no-headers", "-o", "DEV,MAPPED_BLOCKS,EXCLUSIVE_BLOCKS,TRANSACTION", TestDisks.Metadata.Value])
        {
            RedirectStandardOutput = true,
        })!;
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(word => ulong.Parse(word, CultureInfo.InvariantCulture)).ToArray())
            .Select(numbers => new ThinUsage(
                new ThinId((uint)numbers[0]), numbers[1], numbers[2], new TransactionId(numbers[3])))];
    }
}
