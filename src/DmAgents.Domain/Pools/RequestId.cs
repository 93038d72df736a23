namespace DmAgents.Domain.Pools;

/// <summary>
/// Names a change across retries: the same id again gets the answer of the first time, not a second change.
/// </summary>
public readonly record struct RequestId(Guid Value)
{
    public override string ToString() => Value.ToString("D");
}
