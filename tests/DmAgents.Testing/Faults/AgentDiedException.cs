namespace DmAgents.Testing.Faults;

/// <summary>The agent is dead: whatever it was about to do, it does not. Thrown by <see cref="FaultyKernel"/>.
/// </summary>
public sealed class AgentDiedException() : Exception("the agent died here, by the test's order");
