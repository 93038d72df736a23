namespace DmAgents.Domain.Pools;

/// <summary>
/// Identifies a change across retries: a repeated id gets the first answer, and causes no second change.
/// </summary>
public readonly record struct RequestId(Guid Value)
{
    public override string ToString() => Value.ToString("D");
}
