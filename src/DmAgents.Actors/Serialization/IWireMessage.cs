using Akka.Actor;

namespace DmAgents.Actors.Serialization;

/// <summary>A message of this project that <see cref="WireSerializer"/> writes.</summary>
public interface IWireMessage;

/// <summary>A message of an actor to itself, or to an actor of the same host that serves it alone (its children, the
/// journal's sweeper). It never leaves the process, and may hold references that only this process has.</summary>
internal interface ILocalMessage : INoSerializationVerificationNeeded;
