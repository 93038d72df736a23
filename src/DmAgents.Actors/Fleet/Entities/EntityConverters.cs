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

/// <summary>What is for an entity, as an object with one property: the manifest.</summary>
internal sealed class EntityInnerConverter() : KindConverter<object>(() => FleetSerializer.Inner)
{
    /// <summary>Only what is declared as any object: not each type that is one.</summary>
    public override bool CanConvert(Type typeToConvert) => typeToConvert == typeof(object);
}
