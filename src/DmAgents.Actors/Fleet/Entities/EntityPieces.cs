using Akka.Actor;
using Akka.Serialization;

namespace DmAgents.Actors.Fleet.Entities;

/// <summary>A stored state, in pieces that fit a message.</summary>
internal sealed record EntityPieces(long Version, string Manifest, byte[] Bytes)
{
    /// <summary>In base64, and with its envelope, below <see cref="FleetSerializer.MaxBytes"/>.</summary>
    public const int PieceBytes = 64 * 1024;

    private int Count => Math.Max(1, (Bytes.Length + PieceBytes - 1) / PieceBytes);

    /// <param name="made">Reused if it still has this version.</param>
    public static EntityPieces Of(EntityPieces? made, long version, object state, ActorSystem system)
    {
        if (made?.Version == version)
            return made;
        var serializer = (SerializerWithStringManifest)system.Serialization.FindSerializerFor(state);
        return new EntityPieces(version, serializer.Manifest(state), serializer.ToBinary(state));
    }

    public EntityMessages.Shown Shown(int piece)
    {
        var start = Math.Clamp(piece, 0, Count - 1) * PieceBytes;
        return new EntityMessages.Shown(
            Version, start / PieceBytes, Count, Manifest,
            Bytes[start..Math.Min(start + PieceBytes, Bytes.Length)]);
    }

    /// <summary>Assembles the state from its pieces; null if they are of several versions.</summary>
    public static object? Whole(IReadOnlyList<EntityMessages.Shown> pieces, ActorSystem system)
    {
        if (pieces.Any(piece => piece.Version != pieces[0].Version))
            return null;
        byte[] bytes = [.. pieces.SelectMany(piece => piece.Bytes)];
        return system.Serialization.Deserialize(bytes, FleetSerializer.Id, pieces[0].Manifest);
    }
}
