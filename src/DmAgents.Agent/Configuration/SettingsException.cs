namespace DmAgents.Agent.Configuration;

/// <summary>The configuration is unusable. The message names the setting, the reason, and a valid value.</summary>
public sealed class SettingsException(string message) : Exception(message);
