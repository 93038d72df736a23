using System.Collections.Immutable;

namespace DmAgents.Domain.Fleet;

/// <summary>What an entity of the fleet does about a command.</summary>
/// <param name="Events">To be journaled, all or none; empty: nothing changes.</param>
/// <param name="Reply">The answer, once the events are durable.</param>
public sealed record FleetDecision<TEvent, TReply>(ImmutableArray<TEvent> Events, TReply Reply);
