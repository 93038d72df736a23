using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using static DmAgents.Kernel.Tests.RealKernel.PoolFixture;

namespace DmAgents.Kernel.Tests.RealKernel;

[Trait("Needs", "Kernel")]
public sealed class ChangedRangesTests : IDisposable
{
    private const int Histories = 240;
    private const int Block = 64 * 1024;

    /// <summary>In one of so many histories the devices have several leaves and levels of mappings.</summary>
    private const int OneIsLarge = 12;

    private readonly PoolFixture _pool = new();

    private LinuxKernel Kernel => _pool.Kernel;

    public void Dispose() => _pool.Dispose();

    /// <summary>Snapshots of snapshots, written, discarded and deleted in any order; two of them are compared by the
    /// agent's reader, by thin_delta, and byte by byte.</summary>
    [Fact]
    public void Random_histories_differ_where_thin_delta_says_and_wherever_a_byte_does()
    {
        var (changed, different) = (0, 0);
        for (var seed = 1; seed <= Histories; seed++)
        {
            var history = new History(_pool, new Random(seed), isLarge: seed % OneIsLarge == 0);
            history.Live();
            var (left, right) = history.Pick();
            var ranges = Ok(Kernel.ChangedRanges(_pool.Name, new ThinId(left), new ThinId(right)));
            var ours = ranges.SelectMany(range =>
                ThinDelta.Blocks(range.Start.Bytes / Block, range.Length.Bytes / Block)).ToHashSet();
            var theirs = ThinDelta.Run(Kernel, _pool.Name, TestDisks.Metadata, left, right);
            Assert.True(
                ours.SetEquals(theirs),
                $"seed {seed}: {left} and {right} differ in {Text(ours)}, by thin_delta in {Text(theirs)}");
            var bytes = history.Differing(left, right);
            Assert.True(
                ours.IsSupersetOf(bytes),
                $"seed {seed}: {left} and {right} differ in {Text(ours)}; bytes also in {Text(bytes.Except(ours))}");
            (changed, different) = (changed + ours.Count, different + bytes.Count);
            history.End();
        }
        Assert.Null(Ok(Kernel.PoolStatus(_pool.Name)).HeldRoot);
        // Not a test of nothing: there were differences, and blocks that were written with the same bytes again.
        Assert.InRange(different, Histories, changed - Histories / 10);
    }

    private static string Text(IEnumerable<ulong> blocks) => string.Join(' ', blocks.Order());

    /// <summary>The devices of one seed, the least thin id first.</summary>
    private sealed class History(PoolFixture pool, Random random, bool isLarge)
    {
        private readonly List<uint> _devices = [];
        private readonly ulong _blocks = isLarge ? 1500UL : (ulong)random.Next(1, 48);
        private uint _next;

        private ByteSize Size => new(_blocks * Block - (ulong)random.Next(2) * 512);

        public void Live()
        {
            Make(origin: null, isLarge ? 1000 : random.Next(0, 20));
            for (var generation = random.Next(1, 7); generation > 0; generation--)
            {
                var origin = Any();
                Make(random.Next(8) == 0 ? null : origin, random.Next(0, 12));
                if (random.Next(3) == 0)
                    Change(Any(), random.Next(1, 6));
                if (random.Next(6) == 0 && _devices.Count > 2)
                    Delete(Any());
            }
        }

        public (uint Left, uint Right) Pick() => (Any(), Any());

        public void End()
        {
            while (_devices.Count > 0)
                Delete(_devices[^1]);
        }

        /// <summary>The blocks in which any byte differs.</summary>
        public HashSet<ulong> Differing(uint left, uint right)
        {
            var length = new ByteSize(_blocks * Block);
            using var mine = Open(left, length);
            using var others = left == right ? mine : Open(right, length);
            var (one, other) = (new byte[Block], new byte[Block]);
            var differing = new HashSet<ulong>();
            for (var block = 0UL; block < _blocks; block++)
            {
                Ok(mine.Blocks.Read(new ByteSize(block * Block), one));
                Ok(others.Blocks.Read(new ByteSize(block * Block), other));
                if (!one.AsSpan().SequenceEqual(other))
                    differing.Add(block);
            }
            return differing;
        }

        private uint Any() => _devices[random.Next(_devices.Count)];

        private void Make(uint? origin, int changes)
        {
            var id = _next++;
            Ok(origin is { } from
                ? pool.Kernel.CreateSnapshot(pool.Name, new ThinId(id), new ThinId(from))
                : pool.Kernel.CreateThin(pool.Name, new ThinId(id)));
            _devices.Add(id);
            Change(id, changes);
        }

        private void Change(uint id, int changes)
        {
            using var device = Open(id, Size);
            while (changes-- > 0)
                Change(device);
        }

        /// <summary>Few different bytes, so that a block is often written with what was in it.</summary>
        private void Change(Opened device)
        {
            var sectors = device.Blocks.Size.Bytes / 512;
            var start = (ulong)random.NextInt64((long)sectors);
            var length = Math.Min(sectors - start, (ulong)random.Next(1, random.Next(3) == 0 ? 512 : 8));
            var range = new ByteRange(new ByteSize(start * 512), new ByteSize(length * 512));
            switch (random.Next(8))
            {
                case 0:
                    Ok(device.Blocks.Zero(range));
                    break;
                case 1:
                    Ok(pool.Kernel.Discard(device.Path, range.Start, range.Length));
                    break;
                default:
                    var bytes = new byte[range.Length.Bytes];
                    bytes.AsSpan().Fill((byte)random.Next(3));
                    Ok(device.Blocks.Write(range.Start, bytes));
                    break;
            }
        }

        private void Delete(uint id)
        {
            Ok(pool.Kernel.DeleteThin(pool.Name, new ThinId(id)));
            _devices.Remove(id);
        }

        private Opened Open(uint id, ByteSize size)
        {
            var device = Ok(pool.Kernel.ActivateThin(pool.Thin(id, size)));
            return new Opened(
                pool.Kernel, device.Name, Ok(pool.Kernel.OpenForReceiving(device.Name, PoolBlockSize.Default)));
        }
    }

    private sealed class Opened(LinuxKernel kernel, MappedName name, IOpenReceivingDevice blocks) : IDisposable
    {
        private bool _closed;

        public IOpenReceivingDevice Blocks => blocks;

        public DevicePath Path => name.Path;

        public void Dispose()
        {
            if (_closed)
                return;
            _closed = true;
            blocks.Dispose();
            Ok(kernel.Remove(name, deferred: false));
        }
    }
}
