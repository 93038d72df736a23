using System.Globalization;

namespace DmAgents.Domain.Pools;

/// <summary>
/// The number that a thin pool stores for its owner, changed only by compare and set. The kernel starts it at 0. The
/// agent marks checkpoints with it: a pool whose id differs from the journal's is the wrong pool, or an older state.
/// </summary>
public readonly record struct TransactionId(ulong Value)
{
    public static TransactionId Initial => default;

    public TransactionId Next => new(checked(Value + 1));

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
