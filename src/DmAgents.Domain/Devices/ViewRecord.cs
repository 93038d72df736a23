using System.Collections.Immutable;

namespace DmAgents.Domain.Devices;

/// <summary>
/// A name under which a layer or a base can be read. It has no thin id. All views of a device share its one mapped
/// device, and with it the page cache; the device is live and read-only as long as it has a view.
/// </summary>
/// <param name="Key">Its owner's name for it; taken as long as the view exists.</param>
/// <param name="Source">The device that it shows.</param>
/// <param name="Labels">The owner's labels.</param>
/// <param name="CreatedAt">When it was requested.</param>
/// <param name="UpdatedAt">When its labels last changed.</param>
public sealed record ViewRecord(
    DeviceKey Key, ThinId Source, ImmutableSortedDictionary<string, string> Labels, DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);
