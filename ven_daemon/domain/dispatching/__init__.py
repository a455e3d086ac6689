"""From events to what each resource follows.

claims        what events ask for, and what is left while nobody hears or listens
priority      which of them holds when
ratings       what resources can do, alone and together
policies      what a payload means in kW · rules: which policy, for whom
limiting      a setpoint beside a capacity limit
telemetry     whose readings stopped
schedules     what resources follow · scheduling: how that is made
convergence   what has to change on record
selectors     whom a rule, or a sink, is for
"""
