using System.Globalization;
using DmAgents.Domain.Units;

namespace DmAgents.Kernel.ThinPools;

/// <summary>The kinds of a thin device's status line.</summary>
internal enum ThinState
{
    /// <summary>The line has numbers.</summary>
    Mapped,

    /// <summary>Status <c>-</c>: the device is not open in the pool.</summary>
    NotOpen,

    /// <summary>Status <c>Fail</c>: the pool failed.</summary>
    Failed,

    /// <summary>Status <c>Error</c>: the kernel could not read the numbers.</summary>
    Error,
}

/// <summary>A thin device's status.</summary>
/// <param name="State">Says whether there are numbers.</param>
/// <param name="Mapped">The mapped size, in 512-byte sectors.</param>
/// <param name="Highest">The highest mapped sector, or null if nothing is mapped.</param>
internal sealed record ThinStatus(ThinState State, SectorCount Mapped, SectorCount? Highest);

/// <summary>A thin device's status line (kernel: thin_status in drivers/md/dm-thin.c): <c>mapped highest|-</c>,
/// <c>Fail</c>, <c>-</c> or <c>Error</c>.</summary>
internal static class ThinStatusText
{
    public const string TargetType = "thin";

    /// <summary>Null if the line has none of the known forms.</summary>
    public static ThinStatus? Parse(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries) switch
        {
            ["-"] => new ThinStatus(ThinState.NotOpen, default, Highest: null),
            ["Fail"] => new ThinStatus(ThinState.Failed, default, Highest: null),
            ["Error"] => new ThinStatus(ThinState.Error, default, Highest: null),
            [var mapped, "-"] when Sectors(mapped) is { } count =>
                new ThinStatus(ThinState.Mapped, count, Highest: null),
            [var mapped, var highest] when Sectors(mapped) is { } count && Sectors(highest) is { } last =>
                new ThinStatus(ThinState.Mapped, count, last),
            _ => null,
        };

    private static SectorCount? Sectors(string word) =>
        ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? new SectorCount(value)
            : null;
}
