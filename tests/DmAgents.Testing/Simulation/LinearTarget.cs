using System.Collections.Immutable;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Testing.Simulation;

/// <summary>Joins parts of devices, one behind the other. Holds each of them open.</summary>
internal sealed class LinearTarget : IMappingTarget
{
    private readonly MappedDevice _owner;
    private readonly ImmutableArray<Part> _parts;

    public LinearTarget(MappedDevice owner, ImmutableArray<Part> parts)
    {
        _owner = owner;
        _parts = parts;
        foreach (var part in parts)
        {
            part.Device.Open();
            part.Device.Above.Add(owner);
        }
        // Stacked when the table is loaded (blk_stack_limits), and not again.
        Shape = new DiskShape
        {
            Sector = parts.Max(part => part.Device.Shape.Sector),
            PhysicalSector = parts.Max(part => part.Device.Shape.PhysicalSector),
            LongestDiscard = parts.Min(part => part.Device.Shape.LongestDiscard),
        };
    }

    public ImmutableArray<Part> Parts => _parts;

    /// <summary>As far as both reach: the last part that they share may be longer in one of them.</summary>
    public bool MapsAlike(IReadOnlyList<Part> given)
    {
        var shared = Math.Min(given.Count, _parts.Length);
        return Enumerable.Range(0, shared).All(i =>
            (given[i].Device, given[i].Start) == (_parts[i].Device, _parts[i].Start)
            && (i + 1 == shared || given[i].Length == _parts[i].Length));
    }

    public override string ToString() => string.Join("; ", _parts.Select(part =>
        $"{part.Length / 512} linear {part.Device.Number} {part.Start / 512}"));

    private delegate Errno PartIo(SimulatedDevice device, ulong offset, int done, ulong length);

    public SectorCount Length =>
        new ByteSize(_parts.Aggregate(0UL, (sum, part) => sum + part.Length)).Sectors;

    public bool ReadOnly => _parts.Any(part => part.Device.ReadOnly);

    public bool Discards => _parts.All(part => part.Device.Discards);

    public DiskShape Shape { get; }

    public Errno Read(ulong offset, Span<byte> into)
    {
        var buffer = new byte[into.Length];
        var errno = Each(offset, (ulong)into.Length, (device, at, done, length) =>
            device.Read(at, buffer.AsSpan(done, (int)length)));
        buffer.CopyTo(into);
        return errno;
    }

    public Errno Write(ulong offset, ReadOnlySpan<byte> bytes)
    {
        var copy = bytes.ToArray();
        return Each(offset, (ulong)bytes.Length, (device, at, done, length) =>
            device.Write(at, copy.AsSpan(done, (int)length)));
    }

    public Errno WriteZeroes(ulong offset, ulong length) =>
        Each(offset, length, (device, at, _, piece) => device.WriteZeroes(at, piece));

    public Errno Discard(ulong offset, ulong length) =>
        Each(offset, length, (device, at, _, piece) => device.Discard(at, piece));

    public Errno Flush()
    {
        foreach (var device in _parts.Select(part => part.Device).Distinct())
        {
            var errno = device.Flush();
            if (errno != Errno.None)
                return errno;
        }
        return Errno.None;
    }

    public void Suspended()
    {
    }

    public void Release()
    {
        foreach (var part in _parts)
        {
            part.Device.Above.Remove(_owner);
            part.Device.Close();
        }
    }

    private Errno Each(ulong offset, ulong length, PartIo io)
    {
        var partStart = 0UL;
        var done = 0UL;
        foreach (var part in _parts)
        {
            var within = offset + done - partStart;
            partStart += part.Length;
            if (done == length || within >= part.Length)
                continue;
            var piece = Math.Min(length - done, part.Length - within);
            var errno = io(part.Device, part.Start + within, (int)done, piece);
            if (errno != Errno.None)
                return errno;
            done += piece;
        }
        return Errno.None;
    }

    /// <summary>A part of a device, in bytes.</summary>
    internal readonly record struct Part(SimulatedDevice Device, ulong Start, ulong Length);
}
