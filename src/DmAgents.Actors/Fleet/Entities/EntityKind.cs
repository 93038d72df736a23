using DmAgents.Actors.Serialization;
using DmAgents.Domain.Fleet;

namespace DmAgents.Actors.Fleet.Entities;

/// <summary>A kind of entity.</summary>
/// <param name="Name">Name of its region, and prefix of its persistence ids and manifests. It never changes.</param>
/// <param name="Subject">Its name in messages: "image".</param>
internal abstract record EntityKind(string Name, string Subject);

/// <summary>A kind of entity, with its pure machine.</summary>
/// <param name="Initial">The state of an entity without events.</param>
internal sealed record EntityKind<TState, TCommand, TEvent, TReply>(
    string Name, string Subject, Func<string, TState> Initial,
    Func<TState, TCommand, FleetDecision<TEvent, TReply>> Decide, Func<TState, TEvent, TState> Apply)
    : EntityKind(Name, Subject)
    where TState : class
    where TCommand : class
    where TEvent : class
    where TReply : class;

/// <summary>How the messages, events and state of a kind are written, by manifest.</summary>
/// <param name="Commands">May stand in a <see cref="EntityMessages.ToEntity"/>.</param>
/// <param name="Others">Events, replies and the state.</param>
internal sealed record EntityManifests(
    IReadOnlyDictionary<string, Format> Commands, IReadOnlyDictionary<string, Format> Others);
