using DmAgents.Actors.Serialization;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Layers;

namespace DmAgents.Actors.Fleet.Entities;

internal sealed class HostNameConverter() : TextConverter<HostName>(name => name.Value, text => new HostName(text));

internal sealed class ChainIdConverter() : TextConverter<ChainId>(layer => layer.Value, ChainId.Parse);

internal sealed class DigestConverter() : TextConverter<Digest>(digest => digest.Value, Digest.Parse);

internal sealed class ContainerNameConverter()
    : TextConverter<ContainerName>(name => name.Value, text => new ContainerName(text));

internal sealed class IncarnationConverter() : NumberConverter<Incarnation>(i => i.Number, n => new Incarnation(n));

internal sealed class ContainerEpochConverter()
    : NumberConverter<ContainerEpoch>(epoch => epoch.Number, n => new ContainerEpoch(n));

/// <summary>The message inside a <see cref="EntityMessages.ToEntity"/>, as an object with one property: the
/// manifest.</summary>
internal sealed class EntityInnerConverter() : KindConverter<object>(() => FleetSerializer.Inner)
{
    /// <summary>Only members declared as <c>object</c>: not each type derived from it.</summary>
    public override bool CanConvert(Type typeToConvert) => typeToConvert == typeof(object);
}
