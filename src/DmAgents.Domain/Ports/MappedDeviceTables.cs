using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>The mapping table of a thin device.</summary>
/// <param name="Name">The mapped device.</param>
/// <param name="Uuid">Its dm uuid.</param>
/// <param name="Pool">The live pool.</param>
/// <param name="Id">The thin id within the pool.</param>
/// <param name="Length">The device's size: the owner's to choose at each activation, the pool does not keep it.</param>
/// <param name="ReadOnly">Writes are refused by the kernel.</param>
public sealed record ThinTable(
    MappedName Name, MappedUuid Uuid, MappedName Pool, ThinId Id, SectorCount Length, bool ReadOnly);

/// <summary>A part of a device: so many sectors from <paramref name="Start"/> on.</summary>
public sealed record LinearSegment(DevicePath Device, SectorCount Start, SectorCount Length);

/// <summary>The mapping table of a device that joins parts of others, one behind the other.</summary>
public sealed record LinearTable(MappedName Name, MappedUuid Uuid, ImmutableArray<LinearSegment> Segments)
{
    public SectorCount Length => Segments.Aggregate(default(SectorCount), (sum, segment) => sum + segment.Length);
}

/// <summary>A mapped device as the kernel has it at this moment.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Uuid">Its dm uuid.</param>
/// <param name="Number">Its device number.</param>
/// <param name="OpenCount">How often it is open: a mount counts one.</param>
/// <param name="Suspended">I/O is held back.</param>
/// <param name="ReadOnly">The kernel refuses writes.</param>
/// <param name="RemovalDeferred">It goes when its last user closes it.</param>
/// <param name="Length">Its size; zero where it has no live table.</param>
public sealed record LiveDevice(
    MappedName Name,
    MappedUuid Uuid,
    DeviceNumber Number,
    uint OpenCount,
    bool Suspended,
    bool ReadOnly,
    bool RemovalDeferred,
    SectorCount Length);

/// <summary>A live device beside the table that it should have.</summary>
/// <param name="Device">The device.</param>
/// <param name="MapsAsGiven">It maps to the places that the table names, as far as both reach.</param>
/// <param name="IsAsGiven">The table in use is the given one in all: length, access mode and features, too.</param>
/// <param name="Text">The table in use, in the kernel's words, its targets joined by "; ".</param>
public sealed record TableState(LiveDevice Device, bool MapsAsGiven, bool IsAsGiven, string Text);

/// <summary>What keeps a device open.</summary>
/// <param name="What">"working directory", "root directory", "program", "open file" or "mapped file" of a process;
/// "mount"; "device" for one stacked above.</param>
/// <param name="Where">The path as that process sees it, or the name of the device above.</param>
/// <param name="ProcessId">The process; of a mount, one of the mount namespace that has it. Null for a device.</param>
public sealed record DeviceHolder(string What, string Where, int? ProcessId)
{
    /// <summary>The process' program, as the kernel has it: at most 15 bytes.</summary>
    public string Command { get; init; } = "";
}
