namespace DmAgents.Testing.Faults;

/// <summary>One call of the kernel port.</summary>
/// <param name="Operation">The port's method: nameof(IThinPools.CreateSnapshot).</param>
/// <param name="Subject">The device, file or path, and for messages the thin ids, or the transaction id that comes:
/// "dmagents-test-pool 7", "dmagents-test-pool 8 of 7". For discards and trims also offset and length in bytes.</param>
public sealed record KernelCall(string Operation, string Subject)
{
    public override string ToString() => $"{Operation} {Subject}";
}
