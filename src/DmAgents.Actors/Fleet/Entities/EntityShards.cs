using System.Globalization;
using Akka.Cluster.Sharding;

namespace DmAgents.Actors.Fleet.Entities;

/// <summary>Maps an entity to its shard. The mapping must be the same on all hosts and in all versions: two answers
/// would make two instances.</summary>
internal sealed class EntityShards : IMessageExtractor
{
    /// <summary>Shards of each kind: several for each host of a fleet, so that they spread evenly.</summary>
    public const int Count = 64;

    public static EntityShards Instance { get; } = new();

    public string? EntityId(object message) => (message as EntityMessages.ToEntity)?.Id;

    public object? EntityMessage(object message) => (message as EntityMessages.ToEntity)?.Message;

    public string? ShardId(object message) => EntityId(message) is { } id ? ShardId(id) : null;

    public string ShardId(string entityId, object? messageHint = null) => ShardId(entityId);

    /// <summary>FNV-1a of the id's characters.</summary>
    public static string ShardId(string entityId)
    {
        var hash = 2166136261u;
        foreach (var character in entityId)
            hash = (hash ^ character) * 16777619u;
        return (hash % Count).ToString(CultureInfo.InvariantCulture);
    }
}
