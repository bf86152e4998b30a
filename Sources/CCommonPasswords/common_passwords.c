const int martlet_common_passwords_placeholder = 0;
