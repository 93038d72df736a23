using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Testing.Simulation;

/// <summary>Devices that layers are read from and received into.</summary>
public sealed partial class SimulatedKernel
{
    public KernelResult<IOpenBlocks> OpenForReading(MappedName device) =>
        Run<IOpenBlocks>("open", device, () =>
            _mapped.Find(device) is { } found ? (Errno.None, new OpenBlocks(this, found, ByteSize.Zero)) : (Errno.NoEntry, null));

    public KernelResult<IOpenReceivingDevice> OpenForReceiving(MappedName device, PoolBlockSize block) =>
        Run<IOpenReceivingDevice>("open", device, () =>
        {
            if (_mapped.Find(device) is not { } found)
                return (Errno.NoEntry, null);
            if (found.InUse || found.ReadOnly)
                return (found.InUse ? Errno.Busy : Errno.ReadOnly, null);
            found.IsClaimed = true;
            return (Errno.None, new OpenBlocks(this, found, block.Bytes));
        });

    private sealed class OpenBlocks : IOpenBlocks, IOpenReceivingDevice
    {
        private readonly SimulatedKernel _kernel;
        private readonly MappedDevice _device;
        private readonly ByteSize _block;
        private readonly Hold _hold;
        private readonly int _boot;

        public OpenBlocks(SimulatedKernel kernel, MappedDevice device, ByteSize block)
        {
            (_kernel, _device, _block) = (kernel, device, block);
            (_boot, Size) = (kernel._boots, new ByteSize(device.Length));
            device.Open();
            _hold = kernel.OnRelease(() =>
            {
                device.IsClaimed = false;
                device.Close();
            });
        }

        public ByteSize Size { get; }

        public KernelResult Read(ByteSize offset, Span<byte> into)
        {
            var bytes = new byte[into.Length];
            var read = Run("read", offset, (ulong)bytes.Length, () => _device.Read(offset.Bytes, bytes));
            if (read.Succeeded)
                bytes.CopyTo(into);
            return read;
        }

        public KernelResult Write(ByteSize offset, ReadOnlySpan<byte> bytes)
        {
            var copy = bytes.ToArray();
            return Run("write", offset, (ulong)copy.Length, () =>
            {
                // Whole blocks of the pool: a new one may hold other bytes.
                var start = offset.RoundDown(_block);
                var end = Math.Min((offset + new ByteSize((ulong)copy.Length)).RoundUp(_block).Bytes, Size.Bytes);
                var whole = new byte[end - start.Bytes];
                var errno = _device.Read(start.Bytes, whole);
                copy.CopyTo(whole, (int)(offset - start).Bytes);
                return errno == Errno.None ? _device.Write(start.Bytes, whole) : errno;
            });
        }

        public KernelResult Zero(ByteRange range) => Run("zero", range.Start, range.Length.Bytes, () =>
        {
            var errno = _device.Discards ? _device.Discard(range.Start.Bytes, range.Length.Bytes) : Errno.None;
            var sector = new byte[_device.Shape.Sector.Bytes];
            for (var at = range.Start; errno == Errno.None && at < range.End; at += _device.Shape.Sector)
            {
                errno = _device.Read(at.Bytes, sector);
                if (errno != Errno.None || !sector.AsSpan().ContainsAnyExcept((byte)0))
                    continue;
                sector.AsSpan().Clear();
                errno = _device.Write(at.Bytes, sector);
            }
            return errno;
        });

        public KernelResult Sync() => Run("fsync", ByteSize.Zero, 0, _device.Flush);

        public void Dispose() => _hold.Dispose();

        private KernelResult Run(string operation, ByteSize offset, ulong length, Func<Errno> call) =>
            _kernel.Run(operation, _device.Name, () =>
                _boot != _kernel._boots ? Errno.Io
                : !_device.Holds(offset.Bytes, length) || offset.Bytes % _device.Shape.Sector.Bytes != 0
                    || length % _device.Shape.Sector.Bytes != 0 ? Errno.Invalid
                : call());
    }
}
