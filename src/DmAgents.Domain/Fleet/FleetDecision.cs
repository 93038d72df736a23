using System.Collections.Immutable;

namespace DmAgents.Domain.Fleet;

/// <summary>The decision of a fleet entity about a command.</summary>
/// <param name="Events">To be journaled, all or none; empty: nothing changes.</param>
/// <param name="Reply">The reply, to be sent once the events are durable.</param>
public sealed record FleetDecision<TEvent, TReply>(ImmutableArray<TEvent> Events, TReply Reply);
