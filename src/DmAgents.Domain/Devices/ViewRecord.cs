using System.Collections.Immutable;

namespace DmAgents.Domain.Devices;

/// <summary>
/// A name under which a layer or a base is read. It has no thin id: all views of a device share its one mapped device,
/// which is live and read-only as long as there is a view, and with it the page cache.
/// </summary>
/// <param name="Key">What its owner calls it; taken as long as the view is there.</param>
/// <param name="Source">The device that it shows.</param>
/// <param name="Labels">The owner's.</param>
/// <param name="CreatedAt">When it was asked for.</param>
/// <param name="UpdatedAt">When its labels changed last.</param>
public sealed record ViewRecord(
    DeviceKey Key, ThinId Source, ImmutableSortedDictionary<string, string> Labels, DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);
