using DmAgents.Actors.Serialization;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Fleet.Entities;

/// <summary>A message between hosts about an entity of the fleet, besides the entity's own commands and
/// replies.</summary>
internal interface IEntityMessage;

internal static class EntityMessages
{
    /// <summary>Sent to the region of one kind: the message is for the entity with this id.</summary>
    /// <param name="Message">A command of the kind, <see cref="AnnouncePart"/> or <see cref="Show"/>.</param>
    public sealed record ToEntity(string Id, object Message) : IEntityMessage;

    /// <summary>Sent to a bucket: one part of a host's announcement. The bucket replies <see cref="PartKept"/>, or its
    /// answer to the whole announcement if this was the last missing part.</summary>
    public sealed record AnnouncePart(HostName Host, AnnouncementPart Part, DateTimeOffset At) : IEntityMessage;

    public sealed record PartKept(Stamp Stamp, int Index) : IEntityMessage;

    /// <summary>Sent to any entity: requests a piece of its state. The reply is <see cref="Shown"/>.</summary>
    /// <param name="Piece">From 0.</param>
    public sealed record Show(int Piece) : IEntityMessage;

    /// <summary>A piece of the entity's state, as it stores it.</summary>
    /// <param name="Version">The state's version: pieces of two versions do not fit together.</param>
    /// <param name="Manifest">The manifest of the whole state.</param>
    public sealed record Shown(long Version, int Piece, int Pieces, string Manifest, byte[] Bytes) : IEntityMessage;

    /// <summary>The entity exists, but cannot do it now.</summary>
    public sealed record Unavailable(Refusal Refusal) : IEntityMessage;

    /// <summary>From the entity's shard: the entity is idle, or moves to another host. It finishes the message that it
    /// is processing first.</summary>
    internal sealed record Stop : ILocalMessage
    {
        public static Stop Instance { get; } = new();
    }
}
