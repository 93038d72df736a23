using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>The mapping table of a thin device.</summary>
/// <param name="Name">The mapped device.</param>
/// <param name="Uuid">Its dm uuid.</param>
/// <param name="Pool">The live pool.</param>
/// <param name="Id">The thin id within the pool.</param>
/// <param name="Length">The device's size. Its owner chooses it at each activation; the pool does not store it.</param>
/// <param name="ReadOnly">The kernel refuses writes.</param>
public sealed record ThinTable(
    MappedName Name, MappedUuid Uuid, MappedName Pool, ThinId Id, SectorCount Length, bool ReadOnly);

/// <summary>A part of a device: <paramref name="Length"/> sectors from <paramref name="Start"/> on.</summary>
public sealed record LinearSegment(DevicePath Device, SectorCount Start, SectorCount Length);

/// <summary>The mapping table of a device that concatenates parts of other devices.</summary>
public sealed record LinearTable(MappedName Name, MappedUuid Uuid, ImmutableArray<LinearSegment> Segments)
{
    public SectorCount Length => Segments.Aggregate(default(SectorCount), (sum, segment) => sum + segment.Length);
}

/// <summary>The present state of a mapped device in the kernel.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Uuid">Its dm uuid.</param>
/// <param name="Number">Its device number.</param>
/// <param name="OpenCount">How often it is open: a mount counts as one.</param>
/// <param name="Suspended">I/O is held back.</param>
/// <param name="ReadOnly">The kernel refuses writes.</param>
/// <param name="RemovalDeferred">The kernel removes it on last close.</param>
/// <param name="Length">Its size; zero if it has no live table.</param>
public sealed record LiveDevice(
    MappedName Name,
    MappedUuid Uuid,
    DeviceNumber Number,
    uint OpenCount,
    bool Suspended,
    bool ReadOnly,
    bool RemovalDeferred,
    SectorCount Length);

/// <summary>A live device compared with its expected table.</summary>
/// <param name="Device">The device.</param>
/// <param name="MapsAsGiven">It maps to the places in the given table, as far as both reach.</param>
/// <param name="IsAsGiven">The active table equals the given one completely, including length, access mode and
/// features.</param>
/// <param name="Text">The active table in the kernel's words, its targets joined by "; ".</param>
public sealed record TableState(LiveDevice Device, bool MapsAsGiven, bool IsAsGiven, string Text);

/// <summary>What keeps a device open.</summary>
/// <param name="What">"working directory", "root directory", "program", "open file" or "mapped file" of a process;
/// "mount"; "device" for a device stacked above.</param>
/// <param name="Where">The path as that process sees it, or the name of the device above.</param>
/// <param name="ProcessId">The process; for a mount, a process of its mount namespace. Null for a device.</param>
public sealed record DeviceHolder(string What, string Where, int? ProcessId)
{
    /// <summary>The process's program name in the kernel: at most 15 bytes.</summary>
    public string Command { get; init; } = "";
}
