namespace DmAgents.Transfer.Wire;

/// <summary>What is wrong with a peer's bytes.</summary>
public enum WireFault
{
    /// <summary>The first bytes are not those of this protocol.</summary>
    NotThisProtocol,

    /// <summary>A version that this agent does not support.</summary>
    OtherVersion,

    /// <summary>A record of an unknown type, or one that only the other side sends.</summary>
    UnexpectedRecord,

    /// <summary>A length beyond the record's limit, or one that the record cannot have.</summary>
    BadLength,

    /// <summary>The stream ended within a record.</summary>
    CutOff,

    /// <summary>More bytes than the record's fields have.</summary>
    TrailingBytes,

    /// <summary>A field has an invalid value.</summary>
    BadField,

    /// <summary>A chunk cannot be decompressed, or has a wrong checksum.</summary>
    Damaged,

    /// <summary>No byte arrived, or left, within the time limit.</summary>
    Stalled,
}

/// <summary>A peer sent what this protocol does not allow, or nothing. The connection is unusable.</summary>
public sealed class WireException(WireFault fault, string message) : Exception(message)
{
    public WireFault Fault { get; } = fault;
}
