namespace DmAgents.Domain.Units;

/// <summary>Contiguous bytes of a device: where they start, and how many.</summary>
public readonly record struct ByteRange(ByteSize Start, ByteSize Length)
{
    /// <summary>The byte after the last.</summary>
    public ByteSize End => Start + Length;

    public override string ToString() => $"{Length} from byte {Start.Bytes} on";
}
